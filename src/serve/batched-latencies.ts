import { Batches, MEAN, quantileStatistic, type Statistic } from "../statistics/batches.js";
import type { RequestSink } from "./books.js";
import type { Interval, Metrics } from "./outcome.js";
import { requestTimes } from "./request-table.js";
import type { RequestSpec } from "../workload/workload.js";

const STATISTICS: Readonly<Record<string, Statistic>> = {
  mean: MEAN,
  median: quantileStatistic(0.5),
  p50: quantileStatistic(0.5),
  p90: quantileStatistic(0.9),
  p95: quantileStatistic(0.95),
  p99: quantileStatistic(0.99),
};
const LATENCIES = ["ttft", "tpot", "e2el", "ttfa"] as const;

/** Intervals of one run's latencies by batch means, and what has none. */
export interface BatchedIntervals {
  readonly intervals: Readonly<Record<string, Interval>>; // milliseconds, by key of the metric
  readonly batches: readonly number[]; // numbers of batches that were used, ascending
  readonly few: readonly string[]; // keys without: too few requests for a batch
  readonly correlated: readonly string[]; // keys without: batches are not independent
}

/** Latencies of one run in batches of requests, in the order in which they are sent. */
export class BatchedLatencies {
  readonly #warmupSeconds: number;
  readonly #batches = {
    ttft: new Batches(),
    tpot: new Batches(),
    e2el: new Batches(),
    ttfa: new Batches(),
    itl: new Batches(), // the mean gap of a request, weighted by its gaps
  };

  constructor(warmupSeconds: number) {
    this.#warmupSeconds = warmupSeconds;
  }

  /** Takes requests as they leave the table. */
  readonly sink: RequestSink = (requests, from, to) => {
    for (let id = from; id < to; id++) {
      const slot = requests.slot(id);
      if (requests.lost[slot] !== 0 || requests.sent[slot]! < this.#warmupSeconds) continue;
      const times = requestTimes(requests, slot);
      for (const name of LATENCIES) if (!Number.isNaN(times[name])) this.#batches[name].add(times[name]);
      const gaps = (requests.specs[slot] as RequestSpec).outputTokens - 1;
      if (gaps > 0) this.#batches.itl.add(times.tpot, gaps);
    }
  };

  /** Around the figures of the whole run. Gaps between tokens are counted by requests here: of them only the mean. */
  intervals(metrics: Metrics, level: number): BatchedIntervals {
    const intervals: Record<string, Interval> = {};
    const used = new Set<number>();
    const without: Record<"few" | "correlated", string[]> = { few: [], correlated: [] };
    for (const [name, batches] of Object.entries(this.#batches)) {
      for (const [statistic, how] of Object.entries(STATISTICS)) {
        const key = `${statistic}_${name}_ms`;
        const whole = metrics[key];
        if (whole === null || whole === undefined || (name === "itl" && how !== MEAN)) continue;
        const found = batches.interval(how, whole / 1000, level);
        if (found.half === undefined) {
          without[found.why].push(key);
          continue;
        }
        intervals[key] = [whole - found.half * 1000, whole + found.half * 1000];
        used.add(found.batches);
      }
    }
    return { intervals, batches: [...used].sort((a, b) => a - b), ...without };
  }
}
