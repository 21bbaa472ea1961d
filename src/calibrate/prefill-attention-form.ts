import { prefillAttentionSeconds } from "../cost/prefill-attention-time.js";
import type { PrefillKernel } from "../hardware/profile.js";
import type { OperatorForm, ParameterRange } from "./operator-form.js";
import type { KernelSample, SampleOf } from "./sample.js";

type Prefill = SampleOf<"prefill-attention">;

const PACKED: Readonly<Record<string, ParameterRange>> = {
  wideSeconds: { start: 1e-6, min: 1e-9, max: 1e-4 },
  unevenShare: { start: 0.2, min: 1e-3, max: 10 },
  queryTraffic: { start: 1, min: 1e-2, max: 20 },
};

/** Prefill attention with one kernel, at one head size and cache format. */
export function prefillAttentionForm(
  kernel: PrefillKernel["kernel"],
  headDim: number,
  kvFormat: "bf16" | "fp8",
): OperatorForm<Prefill> {
  const fixed = { kernel, headDim, kvFormat };
  return {
    name: `prefill-attention ${kvFormat} head ${headDim}`,
    parameters: {
      launchSeconds: { start: 8e-6, min: 1e-6, max: 5e-5 },
      tileSeconds: { start: 3e-6, min: 1e-8, max: 1e-4 },
      blockSeconds: { start: 2e-6, min: 1e-7, max: 1e-4 },
      longestShare: { start: 0.8, min: 0.1, max: 1 },
      balance: { start: 3, min: 1, max: 12 },
      bandwidthEfficiency: { start: 0.85, min: 0.3, max: 1 },
      writeSeconds: { start: 1e-9, min: 1e-12, max: 1e-7 },
      writeMoreSeconds: { start: 1e-10, min: 1e-12, max: 1e-7 },
      ...(kernel === "flash-attention-3" ? PACKED : {}),
    },
    takes: (sample: KernelSample): sample is Prefill =>
      sample.operator === "prefill-attention" && sample.headDim === headDim && sample.kvFormat === kvFormat,
    predictor: (device, values) => {
      const fitted = { ...fixed, ...values } as unknown as PrefillKernel;
      return ({ sequences, tokens, context, queryHeads, kvHeads, window }) =>
        prefillAttentionSeconds(
          {
            sequences,
            chunks: [{ tokens, context }],
            queryHeads,
            kvHeads,
            headDim,
            window: window ?? Infinity,
            kvBytes: 2 * kvHeads * headDim * (kvFormat === "fp8" ? 1 : 2),
          },
          device,
          fitted,
        );
    },
    size: { name: "tokens", of: ({ tokens }) => tokens, edges: [64, 256, 1024, 4096] },
    shape: ({ sequences, tokens, context, queryHeads, kvHeads }) => ({
      sequences,
      tokens,
      context,
      queryHeads,
      kvHeads,
    }),
    put: (blocks, values) => {
      blocks.prefillAttention = [...(blocks.prefillAttention ?? []), { ...fixed, ...values }];
    },
  };
}
