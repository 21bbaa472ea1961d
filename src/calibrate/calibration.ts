import { InputError } from "../core/check.js";
import type { KernelRunner } from "./kernel-runner.js";
import { measure, sizesText, type Measurement, type MeasureSettings, type Point } from "./measure.js";
import { pointKey } from "./sample-file.js";

export interface CalibrationSteps {
  /** Before a point is measured. */
  readonly starting: (point: Point, index: number) => void;
  /** A point is measured: to be kept, whatever happens to the next. */
  readonly measured: (measurement: Measurement) => void;
  /** Asked between points: true ends it. */
  readonly stopped: () => boolean;
}

/** Measures one point after another; nothing is open in between. Returns how many it measured. */
export async function calibrate(
  runner: KernelRunner,
  points: readonly Point[],
  settings: MeasureSettings,
  steps: CalibrationSteps,
): Promise<number> {
  let index = 0;
  for (const point of points) {
    if (steps.stopped()) break;
    steps.starting(point, index++);
    steps.measured(await measure(runner, point, settings));
  }
  return index;
}

/**
 * What of a grid a calibration that was stopped has not measured yet. Each round goes over the whole grid, so that a while
 * in which a machine does something else spoils no shape in all of them.
 */
export function remaining(
  points: readonly Point[],
  done: ReadonlyMap<string, number>,
  rounds: number,
): readonly Point[] {
  return Array.from({ length: rounds }, (_, round) =>
    points.filter((point) => (done.get(pointKey(point)) ?? 0) <= round),
  ).flat();
}

/** Throws InputError for a kernel that the addon does not have on this device. */
export function requireKernels(runner: KernelRunner, names: readonly string[]): void {
  const known = runner.kernels.filter(({ backends }) => backends.includes(runner.device.backend));
  const unknown = names.find((name) => known.every((kernel) => kernel.name !== name));
  if (unknown === undefined) return;
  throw new InputError(
    "--kernels",
    `"${unknown}" is not allowed; expected some of ${known.map(({ name }) => name).join(", ")}`,
  );
}

/** "gemm m=16 n=4096 k=4096" */
export function pointText({ kernel, sizes }: Point): string {
  return `${kernel} ${sizesText(sizes)}`;
}
