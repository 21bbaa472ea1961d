import { InputError } from "../core/check.js";
import type { GridSettings } from "../calibrate/grid.js";
import type { KernelRunner, MeasuredDevice } from "../calibrate/kernel-runner.js";
import type { MeasureSettings } from "../calibrate/measure.js";
import { requireKernels } from "../calibrate/calibration.js";
import type { Flags } from "./flags.js";
import { resolveModel } from "./resolve.js";
import { countFlag, textFlag } from "./value-flags.js";

/** What a calibration measures and how. */
export interface CalibrateRequest {
  readonly model: string;
  readonly grid: GridSettings;
  readonly measure: MeasureSettings;
  readonly seed: number;
  readonly rounds: number; // over the grid
}

const DEFAULT_MODEL = { cuda: "llama-3.1-8b", cpu: "r1-distill-qwen-1.5b" } as const;
/** A CPU takes a thousand times as long for a product, and its memory is shared with others. */
const LIMITS = {
  cuda: { full: { bytes: 8e9, flops: 1e14 }, quick: { bytes: 2e9, flops: 1e13 } },
  cpu: { full: { bytes: 5e8, flops: 1e11 }, quick: { bytes: 7e7, flops: 1e10 } },
} as const;
const CAP_SECONDS = { full: 1, quick: 0.2 } as const;
/** A GPU is measured alone; a CPU has other work at times, which the least of several rounds leaves out. */
const ROUNDS = { cuda: 1, cpu: 3 } as const;
/** Share of a GPU's memory for the input sets of one kernel. */
const MEMORY_SHARE = 0.4;
/** A CPU in a virtual machine names the cache of the whole processor, of which it has a part. */
const MOST_CPU_CACHE_BYTES = 32e6;

export async function calibrateRequest(flags: Flags, runner: KernelRunner): Promise<CalibrateRequest> {
  const { device } = runner;
  const model = textFlag(flags, "model") ?? DEFAULT_MODEL[device.backend];
  const size = flags["quick"] === true ? "quick" : "full";
  const seed = countFlag(flags, "seed", 0, 2 ** 32) ?? 0;
  const kernels = textFlag(flags, "kernels")
    ?.split(",")
    .map((name) => name.trim());
  if (kernels !== undefined) requireKernels(runner, kernels);
  const limits = LIMITS[device.backend][size];
  return {
    model,
    seed,
    rounds: ROUNDS[device.backend],
    grid: {
      model: await resolveModel(model),
      quick: size === "quick",
      kernels,
      mostBytes: Math.min(limits.bytes, MEMORY_SHARE * device.memoryBytes),
      mostFlops: limits.flops,
    },
    measure: {
      seed,
      statistic: device.backend === "cpu" ? "least" : "median",
      intervalPercent: 2,
      capSeconds: CAP_SECONDS[size] / ROUNDS[device.backend],
      setsBytes: 2 * cacheBytes(device),
    },
  };
}

function cacheBytes({ backend, cacheBytes }: MeasuredDevice): number {
  return backend === "cpu" ? Math.min(cacheBytes, MOST_CPU_CACHE_BYTES) : cacheBytes;
}

/** Of the profile: given, or the device's in letters that a file name may have. */
export function profileName(flags: Flags, { backend, name, multiprocessors }: MeasuredDevice): string {
  const given = textFlag(flags, "name");
  if (given === undefined) {
    const slug = name
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, "-")
      .replaceAll(/^-|-$/g, "");
    return backend === "cpu" ? `cpu-${slug}-${multiprocessors}` : slug;
  }
  if (/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(given)) return given;
  throw new InputError("--name", `"${given}" is not allowed; expected letters, digits, ".", "_" and "-"`);
}
