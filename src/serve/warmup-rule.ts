import { InputError } from "../core/check.js";
import { MSER_BATCH } from "../statistics/mser.js";
import { MserSeries } from "../statistics/mser-series.js";
import type { RequestSink } from "./books.js";
import { requestTimes } from "./request-table.js";

const LEAST_REQUESTS = 10 * MSER_BATCH;
const SERIES = ["ttft", "tpot", "e2el"] as const;

/** Where a rule ends the warm-up. */
export interface WarmupCut {
  readonly seconds: number; // from the start of the run
  readonly undetermined: readonly string[]; // latencies in which it found no end
}

/**
 * MSER-5 on the latencies of requests, in the order in which they are sent; it needs a whole run to look at. The warm-up
 * is over when it is over in each of them, so the last end counts (Hoad, Robinson and Davies, JORS 61, 2010).
 */
export class WarmupRule {
  readonly #series = SERIES.map((name) => ({ name, latency: new MserSeries() }));

  /** Takes requests as they leave the table. */
  readonly sink: RequestSink = (requests, from, to) => {
    for (let id = from; id < to; id++) {
      const slot = requests.slot(id);
      if (requests.lost[slot] !== 0) continue;
      const times = requestTimes(requests, slot);
      const sent = requests.sent[slot] as number;
      for (const { name, latency } of this.#series) {
        const value = times[name];
        if (!Number.isNaN(value)) latency.add(sent, value);
      }
    }
  };

  /** Throws InputError if there are too few requests for the rule. */
  cut(): WarmupCut {
    const most = Math.max(...this.#series.map(({ latency }) => latency.values));
    if (most < LEAST_REQUESTS) {
      throw new InputError("warmup", `mser-5 needs at least ${LEAST_REQUESTS} completed requests, there are ${most}`);
    }
    const ends = this.#series
      .filter(({ latency }) => latency.values >= LEAST_REQUESTS) // one token a request has no TPOT
      .map(({ name, latency }) => ({ name, end: latency.warmupEnd() }));
    const first = Math.max(0, ...ends.map(({ end }) => end ?? 0));
    return { seconds: first, undetermined: ends.filter(({ end }) => end === undefined).map(({ name }) => name) };
  }
}
