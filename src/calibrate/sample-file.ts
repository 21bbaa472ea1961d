import * as z from "zod";
import { InputError } from "../core/check.js";
import type { MeasuredDevice } from "./kernel-runner.js";
import type { Measurement, Point } from "./measure.js";
import { sampleOf } from "./sample-of.js";
import { sampleLines, samplesOf, type KernelSample } from "./sample.js";

/**
 * The samples of a calibration as JSON lines: first what was measured where and when, again whenever it was continued; then
 * a line a shape with every figure measured. `fit` reads these files too.
 */

const DEVICE = z.strictObject({
  backend: z.enum(["cuda", "cpu"]),
  name: z.string(),
  kind: z.string(),
  multiprocessors: z.number(),
  memoryBytes: z.number(),
  cacheBytes: z.number(),
  bandwidthBytesPerSecond: z.number(),
  driver: z.string(),
  toolkit: z.string(),
});

const PROVENANCE = z.strictObject({
  version: z.string(), // of raas-sim
  date: z.string(),
  device: DEVICE,
  model: z.string(),
  seed: z.number(),
  statistic: z.enum(["median", "least"]), // of the figures of a shape: what stands for them
  implementations: z.record(z.string(), z.string()), // kernel → whose code
});

const MEASURED = z.object({ kernel: z.string(), sizes: z.record(z.string(), z.number()) });

/** What was measured, where and when. */
export type Provenance = z.output<typeof PROVENANCE>;

export interface SampleFile {
  readonly provenance: readonly Provenance[]; // one a start
  readonly samples: readonly KernelSample[];
  readonly rounds: ReadonlyMap<string, number>; // pointKey → how often it was measured
}

export function pointKey({ kernel, sizes }: Point): string {
  const sorted = Object.entries(sizes).sort(([a], [b]) => (a < b ? -1 : 1));
  return `${kernel} ${sorted.map(([name, value]) => `${name}=${value}`).join(" ")}`;
}

/** Reads a file that a calibration wrote. Throws InputError with the line. */
export function readSampleFile(text: string, path: string): SampleFile {
  const provenance: Provenance[] = [];
  const rounds = new Map<string, number>();
  const lines = sampleLines(text, path);
  for (const { where, calibration, sample, measured } of lines) {
    if (sample === undefined) {
      provenance.push(parsed(PROVENANCE, calibration, where));
      continue;
    }
    const key = pointKey(parsed(MEASURED, measured, where));
    rounds.set(key, (rounds.get(key) ?? 0) + 1);
  }
  if (provenance.length === 0 && rounds.size > 0) {
    throw new InputError(path, "does not say what device was measured; expected the samples of a calibration");
  }
  return { provenance, samples: samplesOf(lines), rounds };
}

function parsed<T extends z.ZodType>(schema: T, value: unknown, where: string): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new InputError(`${where} ${issue?.path.join(".") ?? ""}`.trimEnd(), issue?.message ?? "is not understood");
}

/** Refuses to mix devices, drivers or compilers in one file: their times are not those of one machine. */
export function requireSameDevice(file: SampleFile, device: MeasuredDevice, path: string): void {
  for (const { device: before } of file.provenance) {
    const other = (Object.keys(device) as (keyof MeasuredDevice)[]).find((key) => before[key] !== device[key]);
    if (other === undefined) continue;
    throw new InputError(
      path,
      `has samples of another machine (${other} "${before[other]}", here "${device[other]}"); give another --name`,
    );
  }
}

export function provenanceLine(provenance: Provenance): string {
  return `${JSON.stringify({ calibration: provenance })}\n`;
}

const DIGITS = 5;

/** One shape: the sample, and beside it everything that was measured. */
export function measurementLine(measurement: Measurement): string {
  const { kernel, sizes, work, agreement, seconds, statistics, sets, runs, times, conditions } = measurement;
  const { median, least, count, intervalPercent, spreadPercent } = statistics;
  const short = (value: number): number => Number(value.toPrecision(DIGITS));
  const sample = sampleOf(measurement, work, short(seconds));
  const measured = {
    kernel,
    sizes,
    bytes: work.bytes,
    flops: work.flops,
    relativeError: short(agreement.relativeError),
    compared: agreement.compared,
    median: short(median),
    least: short(least),
    count,
    intervalPercent: short(intervalPercent),
    spreadPercent: short(spreadPercent),
    sets,
    runs,
    conditions,
    times: times.map(short),
  };
  return `${JSON.stringify({ ...sample, measured })}\n`;
}
