import { CUSTOM_LIMIT_BYTES, customSeconds, ringSeconds } from "../cost/all-reduce-time.js";
import type { CustomAllReduce, RingAllReduce } from "../hardware/profile.js";
import type { OperatorForm, ParameterRange } from "./operator-form.js";
import type { KernelSample, SampleOf } from "./sample.js";

type AllReduce = SampleOf<"all-reduce">;

const RATE: ParameterRange = { start: 2e11, min: 1e9, max: 2e12 };

const RING: Readonly<Record<string, ParameterRange>> = {
  latencySeconds: { start: 5e-6, min: 1e-7, max: 1e-4 },
  bulkLatencySeconds: { start: 4e-6, min: 1e-7, max: 1e-4 },
  gpuSeconds: { start: 1.5e-6, min: 1e-8, max: 1e-4 },
  bytesPerSecondOf2: RATE,
  bytesPerSecondOf4: RATE,
  bytesPerSecondOf8: RATE,
  p: { start: 0.6, min: 0.2, max: 12 },
};

const CUSTOM: Readonly<Record<string, ParameterRange>> = {
  latencySeconds: { start: 4e-6, min: 1e-7, max: 1e-4 },
  gpuSeconds: { start: 1e-7, min: 1e-9, max: 1e-4 },
  oneShotBytesPerSecond: RATE,
  twoShotSeconds: { start: 4e-6, min: 1e-8, max: 1e-4 },
  twoShotBytesPerSecond: RATE,
};

/** All-reduce with one kernel: NCCL's, or the engine's own up to the size that it takes. */
export function allReduceForm(kernel: "ring" | "custom"): OperatorForm<AllReduce> {
  return {
    name: `all-reduce ${kernel}`,
    parameters: kernel === "ring" ? RING : CUSTOM,
    takes: (sample: KernelSample): sample is AllReduce =>
      sample.operator === "all-reduce" &&
      sample.kernel === kernel &&
      (kernel === "ring" || sample.bytes < CUSTOM_LIMIT_BYTES),
    predictor:
      (_device, values) =>
      ({ bytes, gpus }) =>
        kernel === "ring"
          ? ringSeconds(bytes, gpus, values as unknown as RingAllReduce)
          : customSeconds(bytes, gpus, values as unknown as CustomAllReduce),
    size: { name: "KB", of: ({ bytes }) => bytes / 1024, edges: [256, 8192] },
    shape: ({ gpus, bytes }) => ({ gpus, bytes }),
    put: (blocks, values) => {
      blocks.allReduce = { ...blocks.allReduce, [kernel]: values };
    },
  };
}
