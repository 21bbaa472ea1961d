import { InputError } from "../core/check.js";
import type { MeasuredDevice } from "./kernel-runner.js";
import type { KernelSample } from "./sample.js";

/** Streams shorter than this may have lain in a cache. */
const STREAMED_BYTES = 8e6;
/** Whose efficiencies stand for what was not measured: experts and reductions. */
const LENDER = "h100-sxm";

/** Where the fit of a CPU's products begins, which work on rows one by one and leave no core idle at the end. */
const UNFITTED_GEMM = {
  launchSeconds: 1e-5,
  bandwidthEfficiency: 0.8,
  p: 4,
  operandBandwidth: 6,
  stepSeconds: 1e-9,
  tileSeconds: 1e-6,
  splitSeconds: 1e-5,
  partialTraffic: 0.3,
  sustainedEfficiency: 0.8,
  persistent: true,
  exactRows: true,
} as const;

const NO_PEAKS = "needs the kernels gemm and copy: what they reach is a CPU's peak and bandwidth";

/** Throws InputError unless these kernels tell a CPU's peaks: before the measuring, which would be in vain. */
export function requirePeaks(kernels: ReadonlySet<string>): void {
  if (!kernels.has("gemm") || !kernels.has("copy")) throw new InputError("--kernels", NO_PEAKS);
}

/**
 * What a profile says of a CPU before its kernels are fitted: it has no datasheet, so its peaks are the highest rates that
 * any sample reached. `name` is the profile's.
 */
export function cpuProfile(
  name: string,
  device: MeasuredDevice,
  samples: readonly KernelSample[],
): Readonly<Record<string, unknown>> {
  let bandwidth = 0;
  let flops = 0;
  for (const sample of samples) {
    if ("bytes" in sample && "sizes" in sample && sample.bytes >= STREAMED_BYTES)
      bandwidth = Math.max(bandwidth, sample.bytes / sample.seconds);
    if (sample.operator !== "gemm") continue;
    const { m, n, k, seconds } = sample;
    flops = Math.max(flops, (2 * m * n * k) / seconds);
    const bytes = 2 * (m * k + n * k + m * n);
    if (bytes >= STREAMED_BYTES) bandwidth = Math.max(bandwidth, bytes / seconds);
  }
  if (flops === 0 || bandwidth === 0) throw new InputError("calibrate", NO_PEAKS);
  const of = (source: string) => (value: number | null) => ({ value, source });
  const measured = of("device");
  const nominal = of("nominal");
  return {
    name,
    title: `${device.name}, ${device.multiprocessors} threads`,
    kind: "datasheet",
    memoryBytes: measured(device.memoryBytes),
    bandwidthBytesPerSecond: measured(Number(bandwidth.toPrecision(4))),
    peakFlops: { bf16: measured(Number(flops.toPrecision(4))), fp8: measured(null) },
    idlePowerW: nominal(0),
    peakPowerW: nominal(1),
    pricePerHour: nominal(0),
    gpusPerNode: nominal(1),
    interconnectBytesPerSecond: nominal(Number(bandwidth.toPrecision(4))),
    multiprocessors: measured(device.multiprocessors),
    gemm: { bf16: sourcedAll(UNFITTED_GEMM, nominal), fp8: null },
    efficienciesOf: LENDER,
    sources: {
      device:
        "Measured by raas-sim calibrate: the highest rates of any kernel at any shape; a thread counts as a multiprocessor",
      nominal:
        "Not measured: one device, no price, and 1 W while busy, so that joules read as busy seconds; override it",
    },
    notes: ["a CPU, with the kernels of raas-sim: price and power are not known, joules are busy seconds"],
  };
}

function sourcedAll(values: Readonly<Record<string, number | boolean>>, of: (value: number) => object): object {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, typeof value === "number" ? of(value) : value]),
  );
}
