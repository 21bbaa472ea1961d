import { InputError } from "../core/check.js";
import { longestContext } from "./longest-context.js";
import { memoryFit, type MemoryOptions } from "./memory.js";
import type { MemoryLayout } from "./outcome.js";

const GIB = 2 ** 30;
/** A prompt and an output of one token each. */
export const LEAST_CONTEXT = 2;

/** The layout of a deployment whose weights fit. Throws InputError that says what would fit if they do not. */
export function memoryLayout(options: MemoryOptions): MemoryLayout {
  const { layout, missingBytes } = memoryFit(options);
  if (missingBytes > 0) throw tooSmall(options, missingBytes);
  return layout;
}

/** That a model does not fit, by how much, and what would. */
export function tooSmall(options: MemoryOptions, missing: number): InputError {
  const { model, profile, tp, weightFormat } = options;
  const formats = weightFormat === "bf16" ? (["fp8", "int4"] as const) : [];
  const quantized = formats.map((format) => ({ name: `--quantization ${format}`, changes: { weightFormat: format } }));
  const found = [...held(options, largerGroups(options)), ...held(options, quantized)];
  const advice = found.length > 0 ? found : [largerGpu(options)];
  return new InputError(
    "hardware",
    `${model.name} does not fit ${profile.name} with --tp ${tp}: ${(missing / GIB).toFixed(1)} GiB are missing on each GPU; would fit: ${advice.join(", or ")}`,
  );
}

/** That a context does not fit although the weights do, what of it does, and where all of it would. */
export function contextTooLong(options: MemoryOptions, blocks: number, fits: number): InputError {
  const { blocksOverride, contextTokens, kvFormat } = options;
  const problem = `a sequence of ${contextTokens} tokens does not fit the KV pool of ${blocks} blocks; at most ${fits} tokens fit`;
  if (blocksOverride !== undefined) return new InputError("num-gpu-blocks-override", problem);
  const smaller: Candidate = { name: "--kv-cache-dtype fp8", changes: { kvFormat: "fp8" } };
  const found = [largerGroups(options), kvFormat === "bf16" ? [smaller] : []].flatMap((candidates) => {
    const whole = candidates.find(({ changes }) => longest({ ...options, ...changes }) === contextTokens);
    return whole === undefined ? [] : [whole.name];
  });
  const advice = found.length > 0 ? found : [largerGpu(options)];
  return new InputError("max-model-len", `${problem}; would fit: ${advice.join(", or ")}`);
}

interface Candidate {
  readonly name: string;
  readonly changes: Partial<MemoryOptions>;
}

function largerGroups({ tp, model, profile }: MemoryOptions): readonly Candidate[] {
  return [2, 4, 8, 16]
    .filter((size) => size > tp && model.queryHeads % size === 0 && size <= profile.gpusPerNode)
    .map((size) => ({ name: `--tp ${size}`, changes: { tp: size } }));
}

/** The first candidate that holds anything, with how much, and the first that holds the whole context. */
function held(options: MemoryOptions, candidates: readonly Candidate[]): readonly string[] {
  const { contextTokens } = options;
  const found = candidates
    .map(({ name, changes }) => ({ name, tokens: longest({ ...options, ...changes }) }))
    .filter(({ tokens }) => tokens >= LEAST_CONTEXT);
  const [first] = found;
  if (first === undefined) return [];
  if (first.tokens === contextTokens) return [first.name];
  const whole = found.find(({ tokens }) => tokens === contextTokens);
  return [`${first.name} with --max-model-len ${first.tokens}`, ...(whole === undefined ? [] : [whole.name])];
}

/** Tokens of the longest sequence that a deployment holds alone, at most its context; 0 if not even its weights fit. */
export function longest(options: MemoryOptions): number {
  const { layout, missingBytes } = memoryFit(options);
  const layerBlocks = layout.num_gpu_blocks * layout.layers_per_block;
  return missingBytes > 0 ? 0 : longestContext({ ...options, layerBlocks }, options.contextTokens);
}

/** Memory that a GPU of the largest group needs for the whole context, in whole GiB. */
function largerGpu(options: MemoryOptions): string {
  const { profile, contextTokens } = options;
  const tp = (largerGroups(options).at(-1)?.changes ?? options).tp;
  const holds = (gib: number): boolean =>
    longest({ ...options, tp: tp as number, profile: { ...profile, memoryBytes: gib * GIB } }) === contextTokens;
  let [low, high] = [0, Math.ceil(profile.memoryBytes / GIB)];
  while (!holds(high)) [low, high] = [high, 2 * high];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return `--tp ${tp} on GPUs of at least ${high} GiB`;
}
