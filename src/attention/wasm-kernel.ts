import { readFileSync } from "node:fs";
import { check } from "../core/check.js";
import type { RowKernel } from "./row-kernel.js";

const PAGE_BYTES = 65_536;
const FIRST_OFFSET = 1024; // below it the module keeps its own constants
const ALIGNMENT = 64;

interface Exports {
  dots(...numbers: readonly number[]): void;
  softmax(...numbers: readonly number[]): void;
  attend(...numbers: readonly number[]): void;
  atLeast(...numbers: readonly number[]): number;
  pageBounds(...numbers: readonly number[]): void;
  zero(...numbers: readonly number[]): void;
  clear(...numbers: readonly number[]): void;
  blockSums(...numbers: readonly number[]): void;
  weightedSum(...numbers: readonly number[]): void;
}

/** What we use of WebAssembly, for which TypeScript has types only beside a browser's. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
  readonly Memory: new (pages: { initial: number; maximum: number; shared: boolean }) => {
    readonly buffer: SharedArrayBuffer;
    grow(pages: number): number;
  };
};

let compiled: object | undefined;

/**
 * The kernels in WebAssembly SIMD, with a memory of their own that lives as long as the arrays it gave out. The memory
 * is a shared one only because such a memory can grow under arrays that are in use.
 */
export function wasmKernel(): RowKernel {
  compiled ??= new WebAssembly.Module(readFileSync(new URL("../../dist/attention/kernel.wasm", import.meta.url)));
  const memory = new WebAssembly.Memory({ initial: 1, maximum: PAGE_BYTES, shared: true });
  const imports = { env: { memory, abort: () => check(false, "kernel.wasm aborted") } };
  const run = new WebAssembly.Instance(compiled, imports).exports as Exports;
  let next = FIRST_OFFSET;
  let used = FIRST_OFFSET; // beyond it memory is still all zeros
  const reserve = (bytes: number): readonly [SharedArrayBuffer, number] => {
    const offset = next;
    next = Math.ceil((offset + bytes) / ALIGNMENT) * ALIGNMENT;
    const missing = next - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
    if (offset < used) run.zero(offset, bytes);
    return [memory.buffer, offset] as const; // the buffer as it is after growing
  };
  return {
    name: "wasm-simd",
    floats: (length) => new Float32Array(...reserve(4 * length), length),
    doubles: (length) => new Float64Array(...reserve(8 * length), length),
    indices: (length) => new Uint32Array(...reserve(4 * length), length),
    release() {
      used = Math.max(used, next);
      next = FIRST_OFFSET;
    },
    dots(queries, rows, headDim, keys, fromTile, toTile, scale, out, outStride) {
      run.dots(queries.byteOffset, rows, headDim, keys.byteOffset, fromTile, toTile, scale, out.byteOffset, outStride);
    },
    softmax(logits, from, to, weights, prefix) {
      run.softmax(logits.byteOffset, from, to, weights.byteOffset, prefix.byteOffset);
    },
    attend(weights, prefix, stride, rows, ranges, count, share, masses, out) {
      run.attend(
        weights.byteOffset,
        prefix.byteOffset,
        stride,
        rows,
        ranges.byteOffset,
        count,
        share,
        masses.byteOffset,
        out.byteOffset,
      );
    },
    atLeast: (row, to, threshold, out) => run.atLeast(row.byteOffset, to, threshold, out.byteOffset),
    pageBounds(queries, rows, headDim, low, high, tiles, factor, out) {
      run.pageBounds(queries.byteOffset, rows, headDim, low.byteOffset, high.byteOffset, tiles, factor, out.byteOffset);
    },
    clear: (ranges, count, out) => run.clear(ranges.byteOffset, count, out.byteOffset),
    blockSums(weights, stride, rows, values, headDim, from, to, sums) {
      const [at, valuesAt, sumsAt] = [weights.byteOffset, values.byteOffset, sums.byteOffset];
      run.blockSums(at, stride, rows, valuesAt, headDim, from, to, sumsAt);
    },
    weightedSum(weights, values, sums, headDim, ranges, count, out) {
      run.weightedSum(
        weights.byteOffset,
        values.byteOffset,
        sums.byteOffset,
        headDim,
        ranges.byteOffset,
        count,
        out.byteOffset,
      );
    },
  };
}
