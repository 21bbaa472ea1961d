import type { Agreement, Conditions, KernelRunner, KernelWork, Sizes } from "./kernel-runner.js";
import { medianOf, type Median } from "./median.js";

/** One kernel at one shape, to be measured. */
export interface Point {
  readonly kernel: string;
  readonly sizes: Sizes;
}

export interface MeasureSettings {
  readonly seed: number;
  readonly intervalPercent: number; // of the median's 95 % interval, at which enough is measured
  readonly capSeconds: number; // of a shape, however wide the interval is
  readonly setsBytes: number; // of all input sets together: what caches must not hold
}

/** What was measured of one kernel at one shape. */
export interface Measurement extends Point, Median {
  readonly work: KernelWork;
  readonly agreement: Agreement;
  readonly sets: number; // input sets that the runs went through in turn
  readonly laps: number; // over all sets, of one figure
  readonly times: readonly number[]; // seconds of one run, in the order measured
  readonly conditions: Conditions | null; // right after
}

/** bf16 outputs lie at a few 1e-3 of the reference. */
const LARGEST_ERROR = 1e-2;
const MOST_SETS = 512;
/** A figure shorter than this is of a clock's own error; several laps make it longer. */
const LEAST_FIGURE_SECONDS = 2e-4;
/** Clocks rise and caches, branch predictors and page tables settle meanwhile. */
const WARM_UP_SECONDS = 0.03;
const LEAST_COUNT = 3; // however long one takes
const FEWEST = 10;
const MOST = 400;
const BATCH_SECONDS = 0.1; // between two looks at the interval; an interrupt waits at most so long

/**
 * Opens a kernel, checks it against its reference, warms up, and times it until the interval of the median is narrow
 * enough or the cap is reached. Its memory is free again afterwards. Throws Error if the kernel computes something else.
 */
export async function measure(runner: KernelRunner, point: Point, settings: MeasureSettings): Promise<Measurement> {
  const { kernel, sizes } = point;
  const work = runner.work(kernel, sizes);
  const sets = Math.min(MOST_SETS, Math.max(1, Math.ceil(settings.setsBytes / work.setBytes)));
  const open = await runner.open(kernel, sizes, settings.seed, sets);
  try {
    const agreement = await open.check();
    if (!(agreement.relativeError <= LARGEST_ERROR)) {
      throw new Error(
        `${kernel} ${sizesText(sizes)} is wrong: relative error ${agreement.relativeError} against the reference`,
      );
    }
    let [once = NaN] = await open.time(1, 1);
    for (let spent = once * sets; spent < WARM_UP_SECONDS; spent += once * sets) {
      [once = NaN] = await open.time(1, 1);
    }
    const laps = Math.max(1, Math.ceil(LEAST_FIGURE_SECONDS / (once * sets)));
    const figureSeconds = once * sets * laps;
    const batch = Math.min(FEWEST, Math.max(1, Math.floor(BATCH_SECONDS / figureSeconds)));
    const times: number[] = [];
    let spent = 0;
    let median: Median;
    do {
      const more = await open.time(batch, laps);
      times.push(...more);
      spent += more.reduce((sum, each) => sum + each, 0) * sets * laps;
      median = medianOf(times);
    } while (!enough(median, spent, settings));
    return { ...point, ...median, work, agreement, sets, laps, times, conditions: runner.conditions() };
  } finally {
    await open.close();
  }
}

function enough({ count, intervalPercent }: Median, spent: number, settings: MeasureSettings): boolean {
  if (count < LEAST_COUNT) return false;
  if (count >= MOST || spent >= settings.capSeconds) return true;
  return count >= FEWEST && intervalPercent < settings.intervalPercent;
}

/** "m=16 n=4096 k=4096" */
export function sizesText(sizes: Sizes): string {
  return Object.entries(sizes)
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");
}
