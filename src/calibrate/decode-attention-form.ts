import { decodeAttentionSeconds, KEY_BLOCK, type DecodeWork } from "../cost/decode-attention-time.js";
import type { DecodeKernel } from "../hardware/profile.js";
import type { OperatorForm, ParameterRange } from "./operator-form.js";
import type { KernelSample, SampleOf } from "./sample.js";

type Decode = SampleOf<"decode-attention">;

/**
 * Tables repeat one call, so that keys still lie in the L2 cache if they fit: on an H100 with 50 MB, 34 MB do and 67 MB
 * do not. In an engine other layers' keys and weights have replaced them.
 */
const CACHED_BYTES = 45e6;

const PARAMETERS: Readonly<Record<DecodeKernel["kernel"], Readonly<Record<string, ParameterRange>>>> = {
  "flash-attention-2": {
    launchSeconds: { start: 8e-6, min: 1e-6, max: 5e-5 },
    blockSeconds: { start: 1e-6, min: 1e-8, max: 1e-4 },
    splitSeconds: { start: 2e-6, min: 1e-8, max: 1e-4 },
    bandwidthEfficiency: { start: 0.92, min: 0.3, max: 1 },
    p: { start: 2.5, min: 1, max: 12 },
    groupSeconds: { start: 2e-6, min: 1e-8, max: 1e-4 },
    gatherSeconds: { start: 5e-6, min: 1e-8, max: 1e-4 },
    headSeconds: { start: 1.3e-9, min: 1e-12, max: 1e-6 },
    startBlocks: { start: 0.2, min: 0.001, max: 3 },
    partSeconds: { start: 2e-7, min: 1e-10, max: 1e-5 },
  },
  "flash-attention-3": {
    launchSeconds: { start: 1e-5, min: 1e-6, max: 5e-5 },
    blockSeconds: { start: 7e-7, min: 1e-8, max: 1e-4 },
    splitSeconds: { start: 3e-6, min: 1e-8, max: 1e-4 },
    bandwidthEfficiency: { start: 0.92, min: 0.3, max: 1 },
    p: { start: 8, min: 1, max: 12 },
    sequenceSeconds: { start: 1.5e-8, min: 1e-11, max: 1e-6 },
    tileSeconds: { start: 2.4e-6, min: 1e-8, max: 1e-4 },
    exposedShare: { start: 0.35, min: 0.25, max: 1 }, // lower ones fit batches of 2,048 at the cost of those that engines run
    splitBlocks: { start: 0.25, min: 0.1, max: 50 },
    windowSeconds: { start: 1e-6, min: 1e-8, max: 1e-4 },
    cacheBandwidth: { start: 2.6, min: 0.5, max: 5 },
  },
};

/** Decode attention with one kernel, at one head size and cache format. */
export function decodeAttentionForm(
  kernel: DecodeKernel["kernel"],
  headDim: number,
  kvFormat: "bf16" | "fp8",
): OperatorForm<Decode> {
  const fixed = { kernel, headDim, kvFormat };
  return {
    name: `decode-attention ${kvFormat} head ${headDim}`,
    parameters: PARAMETERS[kernel],
    takes: (sample: KernelSample): sample is Decode =>
      sample.operator === "decode-attention" && sample.headDim === headDim && sample.kvFormat === kvFormat,
    predictor: (device, values) => {
      const fitted = { ...fixed, ...values } as unknown as DecodeKernel;
      return (sample) => decodeAttentionSeconds(workOf(sample), device, fitted);
    },
    size: {
      name: "MB",
      of: (sample) => workOf(sample).tokens * workOf(sample).kvBytes * 1e-6,
      edges: [1, 16, 64, 256, 1024],
    },
    shape: ({ sequences, context, queryHeads, kvHeads }) => ({ sequences, context, queryHeads, kvHeads }),
    put: (blocks, values) => {
      blocks.decodeAttention = [...(blocks.decodeAttention ?? []), { ...fixed, ...values }];
    },
  };
}

function workOf({ sequences, context, queryHeads, kvHeads, headDim, kvFormat, window, cold }: Decode): DecodeWork {
  const windowed = window !== null && context > window;
  const read = windowed ? Math.min(context, window + KEY_BLOCK) : context; // a window begins within a block
  return {
    sequences,
    tokens: sequences * read,
    queryHeads,
    kvHeads,
    headDim,
    kvBytes: 2 * kvHeads * headDim * (kvFormat === "fp8" ? 1 : 2),
    windowed,
    cachedBytes: cold === true ? 0 : CACHED_BYTES,
  };
}
