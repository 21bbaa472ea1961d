import { overlapped } from "../cost/device-facts.js";
import type { OperatorForm, Values } from "./operator-form.js";
import { STREAMING, type KernelSample } from "./sample.js";

type Streaming = Extract<KernelSample, { readonly sizes: unknown }>;
type StreamingOperator = (typeof STREAMING)[number];

/**
 * A kernel that streams its bytes, and may compute meanwhile: launch + the longer of the two. What a policy's kernels and
 * element-wise ones cost, told by the least work that they must do.
 */
export function streamingForm(operator: StreamingOperator, computes: boolean): OperatorForm<Streaming> {
  return {
    name: operator,
    parameters: {
      launchSeconds: { start: 3e-6, min: 1e-8, max: 1e-3 },
      bandwidthEfficiency: { start: 0.6, min: 1e-5, max: 1 },
      ...(computes ? { computeEfficiency: { start: 0.1, min: 1e-5, max: 1 }, p: { start: 2, min: 1, max: 12 } } : {}),
    },
    takes: (sample: KernelSample): sample is Streaming => sample.operator === operator,
    predictor: ({ bandwidthBytesPerSecond, peakFlops }, values) => {
      const { launchSeconds = 0, bandwidthEfficiency = 1, computeEfficiency = 1, p = 1 } = values;
      return ({ bytes, flops }) =>
        launchSeconds +
        overlapped(
          bytes / (bandwidthEfficiency * bandwidthBytesPerSecond),
          computes ? flops / (computeEfficiency * peakFlops.bf16) : 0,
          p,
        );
    },
    size: { name: "KB", of: ({ bytes }) => bytes / 1024, edges: [64, 1024, 16384] },
    shape: ({ sizes }) => sizes,
    put: (blocks, values) => {
      blocks.streaming = { ...blocks.streaming, [operator]: values };
    },
  };
}

/** Kernels of a layer outside matrix products and attention: how often, and their share of elementWiseBytes of Llama 3.1 8B. */
const ELEMENT_WISE: readonly (readonly [StreamingOperator, number, number])[] = [
  ["rms-norm", 2, 0.37],
  ["rope", 1, 0.12],
  ["silu-mul", 1, 0.49],
  ["kv-append", 1, 0.02],
];

/** What a profile says of element-wise work, once all its kernels are fitted: every launch, and the mean time of a byte. */
export function elementWise(fitted: Readonly<Record<string, Values>>): Values | undefined {
  let layerSeconds = 0;
  let perByte = 0;
  for (const [operator, count, share] of ELEMENT_WISE) {
    const values = fitted[operator];
    if (values === undefined) return undefined;
    layerSeconds += count * (values["launchSeconds"] ?? 0);
    perByte += share / (values["bandwidthEfficiency"] ?? 1);
  }
  return {
    layerSeconds: Number(layerSeconds.toPrecision(4)),
    bandwidthEfficiency: Number((1 / perByte).toPrecision(4)),
  };
}
