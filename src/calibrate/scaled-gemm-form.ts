import { scaledGemmSeconds } from "../cost/scaled-gemm-time.js";
import type { HardwareProfile, ScaledGemmParameters } from "../hardware/profile.js";
import { GEMM_SIZE } from "./gemm-form.js";
import type { OperatorForm } from "./operator-form.js";
import type { KernelSample, SampleOf } from "./sample.js";

type Gemm = SampleOf<"gemm">;

/** Matrix products of 8-bit operands. */
export function scaledGemmForm(device: HardwareProfile): OperatorForm<Gemm> {
  const peakFlops = device.peakFlops.fp8 ?? device.peakFlops.bf16;
  return {
    name: "gemm fp8",
    parameters: {
      launchSeconds: { start: 4e-6, min: 1e-7, max: 2e-5 },
      quantisationTraffic: { start: 1.5, min: 0.01, max: 20 },
      bandwidthEfficiency: { start: 0.85, min: 0.3, max: 1 },
      p: { start: 2, min: 1, max: 12 },
      stepSeconds: { start: 4e-10, min: 1e-11, max: 1e-7 },
      waveSeconds: { start: 5e-7, min: 1e-8, max: 1e-4 },
      tileSeconds: { start: 1e-6, min: 1e-8, max: 1e-4 },
      sustainedEfficiency: { start: 0.7, min: 0.3, max: 1 },
    },
    takes: (sample: KernelSample): sample is Gemm => sample.operator === "gemm" && sample.format === "fp8",
    predictor:
      (at, values) =>
      ({ m, n, k }) =>
        scaledGemmSeconds({ m, n, k, peakFlops }, at, values as unknown as ScaledGemmParameters),
    size: GEMM_SIZE,
    shape: ({ m, n, k }) => ({ m, n, k }),
    put: (blocks, values) => {
      blocks.gemm = { ...blocks.gemm, fp8: values };
    },
  };
}
