import type { Agreement, Conditions, KernelRunner, KernelWork, Sizes } from "./kernel-runner.js";
import { statisticsOf, type Statistics } from "./statistics-of.js";

/** One kernel at one shape, to be measured. */
export interface Point {
  readonly kernel: string;
  readonly sizes: Sizes;
}

export interface MeasureSettings {
  readonly seed: number;
  /** What stands for the figures of a shape. The least on a CPU: what else runs there only ever adds to a time. */
  readonly statistic: "median" | "least";
  readonly intervalPercent: number; // how sure it must be to be enough
  readonly capSeconds: number; // of a shape, however sure it is
  readonly setsBytes: number; // of all input sets together: what caches must not hold
}

/** What was measured of one kernel at one shape. */
export interface Measurement extends Point {
  readonly seconds: number;
  readonly statistics: Statistics;
  readonly work: KernelWork;
  readonly agreement: Agreement;
  readonly sets: number; // input sets that the runs went through in turn
  readonly runs: number; // of one figure
  readonly times: readonly number[]; // the figures: seconds of one run, in the order measured
  readonly conditions: Conditions | null; // right after
}

/** bf16 outputs lie at a few 1e-3 of the reference. */
const LARGEST_ERROR = 1e-2;
const MOST_SETS = 512;
/** A figure shorter than this is of a clock's own error; several runs make it longer. */
const LEAST_FIGURE_SECONDS = 2e-4;
/** Clocks rise, and caches, branch predictors and page tables settle meanwhile. */
const WARM_UP_SECONDS = 0.03;
const LEAST_COUNT = 3; // of figures, however long one takes
const FEWEST = 10;
const MOST = 1000;
const BATCH_SECONDS = 0.1; // between two looks at the interval; an interrupt waits at most so long

/**
 * Opens a kernel, checks it against its reference, warms up, and times it until its time is sure enough or the cap is
 * reached. Its memory is free again afterwards. Throws Error if the kernel computes something else.
 */
export async function measure(runner: KernelRunner, point: Point, settings: MeasureSettings): Promise<Measurement> {
  const { kernel, sizes } = point;
  const work = runner.work(kernel, sizes);
  const sets =
    work.setBytes === 0 ? 1 : Math.min(MOST_SETS, Math.max(1, Math.ceil(settings.setsBytes / work.setBytes)));
  const open = await runner.open(kernel, sizes, settings.seed, sets);
  try {
    const agreement = await open.check();
    if (!(agreement.relativeError <= LARGEST_ERROR)) {
      throw new Error(
        `${kernel} ${sizesText(sizes)} is wrong: relative error ${agreement.relativeError} against the reference`,
      );
    }
    const lap = runner.wholeLaps ? sets : 1;
    let once = Infinity;
    for (let spent = 0; spent < WARM_UP_SECONDS;) {
      const [figure = NaN] = await open.time(1, lap);
      once = Math.min(once, figure);
      spent += figure * lap;
    }
    const runs = lap * Math.max(1, Math.ceil(LEAST_FIGURE_SECONDS / (once * lap)));
    const batch = Math.min(FEWEST, Math.max(1, Math.floor(BATCH_SECONDS / (once * runs))));
    const times: number[] = [];
    let spent = 0;
    let statistics: Statistics;
    do {
      const more = await open.time(batch, runs);
      times.push(...more);
      spent += more.reduce((sum, each) => sum + each, 0) * runs;
      statistics = statisticsOf(times);
    } while (!enough(statistics, spent, settings));
    const seconds = statistics[settings.statistic];
    return { ...point, seconds, statistics, work, agreement, sets, runs, times, conditions: runner.conditions() };
  } finally {
    await open.close();
  }
}

function enough(statistics: Statistics, spent: number, settings: MeasureSettings): boolean {
  const { count, intervalPercent, leastGapPercent } = statistics;
  if (count < LEAST_COUNT) return false;
  if (count >= MOST || spent >= settings.capSeconds) return true;
  const unsure = settings.statistic === "median" ? intervalPercent : leastGapPercent;
  return count >= FEWEST && unsure < settings.intervalPercent;
}

/** "m=16 n=4096 k=4096" */
export function sizesText(sizes: Sizes): string {
  return Object.entries(sizes)
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");
}
