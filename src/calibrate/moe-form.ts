import { moeSeconds } from "../cost/moe-time.js";
import type { HardwareProfile, MoeKernel } from "../hardware/profile.js";
import { linearBytesPerParameter } from "../model/size.js";
import type { OperatorForm, ParameterRange, Values } from "./operator-form.js";
import type { KernelSample, SampleOf } from "./sample.js";

type Moe = SampleOf<"moe">;

const EFFICIENCY: ParameterRange = { start: 0.6, min: 0.02, max: 1 };
const TUNED: Readonly<Record<string, ParameterRange>> = {
  tunedComputeEfficiency: EFFICIENCY,
  tunedCrowdedBandwidthEfficiency: EFFICIENCY,
};

/** Routed experts in one weight format. */
export function moeForm(format: "bf16" | "fp8" | "int4", device: HardwareProfile): OperatorForm<Moe> {
  const peakFlops = format === "fp8" ? (device.peakFlops.fp8 ?? device.peakFlops.bf16) : device.peakFlops.bf16;
  const weightBytes = linearBytesPerParameter(format);
  const shapes = device.moe[format]?.tuned?.shapes ?? []; // known of the device, not fitted
  const kernelOf = (values: Values): MoeKernel => {
    const { tunedComputeEfficiency, tunedCrowdedBandwidthEfficiency, ...others } = values;
    const tuned =
      tunedComputeEfficiency === undefined || tunedCrowdedBandwidthEfficiency === undefined
        ? null
        : {
            shapes,
            computeEfficiency: tunedComputeEfficiency,
            crowdedBandwidthEfficiency: tunedCrowdedBandwidthEfficiency,
          };
    return { ...(others as unknown as Omit<MoeKernel, "tuned">), tuned };
  };
  return {
    name: `moe ${format}`,
    parameters: {
      launchSeconds: { start: 3e-5, min: 1e-6, max: 3e-4 },
      tokenSeconds: { start: 3e-9, min: 1e-12, max: 1e-6 },
      computeEfficiency: { start: 0.5, min: 0.02, max: 1 },
      bandwidthEfficiency: { start: 0.9, min: 0.1, max: 1 },
      crowdedBandwidthEfficiency: { start: 0.8, min: 0.1, max: 1 },
      p: { start: 1.6, min: 1, max: 12 },
      paddingRows: { start: 16, min: 0.01, max: 128 },
      activationTraffic: { start: 2, min: 0.01, max: 20 },
      spread: { start: 0.9, min: 0.3, max: 1 },
      ...(shapes.length === 0 ? {} : TUNED),
    },
    takes: (sample: KernelSample): sample is Moe => sample.operator === "moe" && sample.format === format,
    predictor: (at, values) => {
      const kernel = kernelOf(values);
      // Field by field: a fit asks for millions of times, and a spread costs more than the form.
      return ({ tokens, experts, expertsPerToken, hiddenSize, expertSize, balanced }) =>
        moeSeconds(
          { tokens, experts, expertsPerToken, hiddenSize, expertSize, balanced, weightBytes, peakFlops },
          at,
          kernel,
        );
    },
    size: { name: "tokens", of: ({ tokens }) => tokens, edges: [8, 64, 512, 4096] },
    shape: ({ tokens, experts, expertsPerToken, hiddenSize, expertSize }) => ({
      tokens,
      experts,
      expertsPerToken,
      hiddenSize,
      expertSize,
    }),
    put: (blocks, values) => {
      blocks.moe = { ...blocks.moe, [format]: kernelOf(values) };
    },
  };
}
