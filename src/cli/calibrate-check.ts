import { calibrate, pointText } from "../calibrate/calibration.js";
import { checked, verdicts, type Checked, type OperatorCheck } from "../calibrate/check-profile.js";
import { grid } from "../calibrate/grid.js";
import type { KernelRunner } from "../calibrate/kernel-runner.js";
import type { Point } from "../calibrate/measure.js";
import { sampleOf } from "../calibrate/sample-of.js";
import { InputError } from "../core/check.js";
import type { HardwareProfile } from "../hardware/profile.js";
import { textTable } from "../report/text-table.js";
import type { CalibrateRequest } from "./calibrate-request.js";
import { onInterrupt } from "./interrupt.js";
import { progressLine } from "./progress.js";
import { resolveProfile } from "./resolve.js";
import { version } from "./version.js";

const SHAPES_EACH = 8; // of an operator

/** Measures a few shapes again and says whether the profile holds on this machine; exit code 1 if it does not. */
export async function runCheck(
  path: string,
  runner: KernelRunner,
  request: CalibrateRequest,
  json: boolean,
): Promise<void> {
  const profile = resolveProfile(path);
  const points = chosen(runner, request, profile);
  if (points.length === 0) {
    throw new InputError(path, `no shape of ${request.model} is among those that it was fitted to; give its --model`);
  }
  const line = progressLine("measuring");
  const release = onInterrupt((code) => process.exit(code));
  const shapes: Checked[] = [];
  await calibrate(runner, points, request.measure, {
    starting: (point, index) => line.update(() => `${index + 1} of ${points.length}, ${pointText(point)}`),
    measured: (measurement) => {
      const found = checked(profile, sampleOf(measurement, measurement.work, measurement.seconds));
      if (found !== undefined) shapes.push(found);
    },
    stopped: () => false,
  }).finally(() => {
    line.end();
    release();
  });
  const operators = verdicts(profile, shapes);
  const holds = operators.every((operator) => operator.holds);
  const text = json
    ? JSON.stringify({ version: version(), profile: profile.name, holds, operators }, null, 2)
    : `${table(operators)}\n\n${profile.name} ${holds ? "holds" : "DOES NOT HOLD"} on ${runner.device.name}`;
  process.stdout.write(`${text}\n`);
  if (!holds) process.exitCode = 1;
}

/** Shapes of the grid within the ranges of a fit of the profile, evenly over each operator's. */
function chosen(runner: KernelRunner, request: CalibrateRequest, profile: HardwareProfile): readonly Point[] {
  const byOperator = new Map<string, Point[]>();
  for (const point of grid(runner, request.grid)) {
    const sample = sampleOf(point, runner.work(point.kernel, point.sizes), 1);
    const operator = checked(profile, sample)?.operator;
    const ranges = profile.fits.find((fit) => fit.operator === operator)?.ranges;
    if (operator === undefined || ranges === undefined) continue;
    const inside = Object.entries(ranges).every(([size, [least, most]]) => {
      const value = point.sizes[size];
      return value === undefined || (value >= least && value <= most);
    });
    if (inside) byOperator.set(operator, [...(byOperator.get(operator) ?? []), point]);
  }
  return [...byOperator.values()].flatMap((all) => {
    const step = Math.max(1, all.length / SHAPES_EACH);
    return all.filter((_, i) => Math.floor(i / step) !== Math.floor((i - 1) / step));
  });
}

function table(operators: readonly OperatorCheck[]): string {
  const right = ["shapes", "MAPE %", "allowed %"].map((title) => ({ title, align: "right" }) as const);
  return textTable(
    [{ title: "Operator" }, ...right, { title: "" }],
    operators.map(({ operator, shapes, mapePercent, allowedPercent, holds }) => [
      operator,
      String(shapes),
      mapePercent.toFixed(1),
      allowedPercent.toFixed(1),
      holds ? "holds" : "does not hold",
    ]),
  );
}
