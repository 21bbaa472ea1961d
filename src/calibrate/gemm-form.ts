import { gemmSeconds } from "../cost/gemm-time.js";
import type { GemmParameters, HardwareProfile } from "../hardware/profile.js";
import type { OperatorForm } from "./operator-form.js";
import type { KernelSample, SampleOf } from "./sample.js";

type Gemm = SampleOf<"gemm">;

/** Size classes of matrix products. */
export const GEMM_SIZE: OperatorForm<Gemm>["size"] = {
  name: "m",
  of: ({ m }) => m,
  edges: [8, 64, 256, 1024, 4096],
};

/** Matrix products in 16 bits. Whether thread blocks are persistent and tiles whole is known of the device, not fitted. */
export function gemmForm(device: HardwareProfile): OperatorForm<Gemm> {
  const peakFlops = device.peakFlops.bf16;
  const { persistent, exactRows } = device.gemm.bf16;
  const known = { persistent, ...(exactRows === undefined ? {} : { exactRows }) };
  return {
    name: "gemm bf16",
    parameters: {
      launchSeconds: { start: 2.5e-6, min: 1e-7, max: 2e-5 },
      bandwidthEfficiency: { start: 0.8, min: 0.3, max: 1 },
      p: { start: 4, min: 1, max: 12 },
      operandBandwidth: { start: 6, min: 0.5, max: 30 },
      stepSeconds: { start: 3e-9, min: 1e-10, max: 1e-7 },
      tileSeconds: { start: 1.5e-6, min: 1e-8, max: 1e-4 },
      splitSeconds: { start: 2.5e-6, min: 1e-8, max: 1e-4 },
      partialTraffic: { start: 0.3, min: 0.01, max: 10 },
      sustainedEfficiency: { start: 0.8, min: 0.3, max: 1 },
    },
    takes: (sample: KernelSample): sample is Gemm => sample.operator === "gemm" && sample.format === "bf16",
    predictor: (at, values) => {
      const parameters = { ...(values as unknown as GemmParameters), ...known };
      return ({ m, n, k }) => gemmSeconds({ m, n, k, inputBytes: 2, weightBytes: 2, peakFlops }, at, parameters);
    },
    size: GEMM_SIZE,
    shape: ({ m, n, k }) => ({ m, n, k }),
    put: (blocks, values) => {
      blocks.gemm = { ...blocks.gemm, bf16: { ...values, ...known } };
    },
  };
}
