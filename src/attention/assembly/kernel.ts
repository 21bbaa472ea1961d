/**
 * The hot loops of attention rows, in AssemblyScript: 128-bit SIMD over f32. Compiled by `npm run build` to
 * dist/attention/kernel.wasm. typescript-kernel.ts is the definition of each function; arguments are byte offsets into
 * the shared memory and counts of elements.
 */
export { dots, pageBounds, softmax } from "./rows";
export { atLeast, attend, blockSums, clear, weightedSum, zero } from "./sums";
