import { QuantileSketch } from "../core/quantile-sketch.js";
import { SeriesSample, type Sample } from "../core/quantile.js";
import type { Goals } from "./goodput.js";
import type { RequestTable } from "./request-table.js";
import { RequestTally } from "./request-tally.js";
import type { RunLog } from "./run-log.js";
import { TokensBySecond } from "./tokens-by-second.js";
import { Windows } from "./windows.js";

/** Requests up to which every row is kept and every figure is exact, unless the caller sets another number. */
export const EXACT_REQUESTS = 100_000;

/** Windows of a run whose rows are not kept: between 256 and 512 from the second half minute on. */
const WINDOWS = 512;
const FIRST_WINDOW_SECONDS = 1 / 16;
/** Closed requests are taken in when so many have gathered, runs of a replica likewise. */
const REQUESTS_AT_ONCE = 16_384;
const RUNS_AT_ONCE = 512;

/** Takes requests as they leave the table, in order of id: slots of `requests` from id `from` to before `to`. */
export type RequestSink = (requests: RequestTable, from: number, to: number) => void;

export interface BooksOptions {
  readonly goals: Goals | undefined;
  readonly frontEndSeconds: number;
  readonly warmupSeconds: number;
  readonly exactRequests: number;
  readonly sink: RequestSink | undefined;
}

/**
 * What is known of a run beyond its requests and runs themselves. Up to a number of requests all rows are kept and added
 * up at the end, so every figure is exact. Beyond it rows are added up and dropped while the simulation runs: quantiles
 * come from sketches, time series from windows that grow, and memory depends on the requests in flight alone.
 */
export class Books {
  tally: RequestTally;
  itl: Sample = new SeriesSample(); // gaps between tokens, of all requests
  windows: Windows | undefined; // if rows are not kept
  readonly seconds = new TokensBySecond();
  readonly #requests: RequestTable;
  readonly #options: BooksOptions;
  #closed = 0; // since the last time they were taken in

  constructor(requests: RequestTable, options: BooksOptions) {
    this.#requests = requests;
    this.#options = options;
    this.tally = new RequestTally({ ...options, sample: () => new SeriesSample() });
  }

  /** A request came: one too many to keep them all? */
  added(): void {
    if (this.windows !== undefined || this.#requests.length <= this.#options.exactRequests) return;
    this.windows = new Windows(FIRST_WINDOW_SECONDS, WINDOWS, true);
    this.tally = new RequestTally({ ...this.#options, sample: () => new QuantileSketch() });
    this.itl = new QuantileSketch();
    this.#takeRequests();
  }

  closed(): void {
    if (this.windows !== undefined && ++this.#closed >= REQUESTS_AT_ONCE) this.#takeRequests();
  }

  /** Whether a replica's log is to be taken in. */
  due(log: RunLog): boolean {
    return this.windows !== undefined && log.length - log.taken >= RUNS_AT_ONCE;
  }

  /** Takes in the runs of a replica and drops those that ended before the decode counter reached `counter`. */
  takeRuns(log: RunLog, counter: number): void {
    this.seconds.add(log);
    this.windows?.addRuns(log);
    log.gaps.addTo(this.itl);
    log.dropTaken(counter);
  }

  /** The simulation has ended. */
  finish(logs: readonly RunLog[]): void {
    this.#takeRequests();
    this.tally.questions.closeBefore(Infinity);
    const streams = this.windows !== undefined;
    for (const log of logs) {
      if (streams) this.takeRuns(log, Infinity);
      else this.seconds.add(log);
    }
    if (!streams) this.itl = merged(logs.map(({ gaps }) => gaps));
  }

  /** Adds up all requests before the first that is still open. */
  #takeRequests(): void {
    this.#closed = 0;
    const requests = this.#requests;
    const { frontEndSeconds, sink } = this.#options;
    const from = requests.first;
    let id = from;
    for (; id < requests.length; id++) {
      const slot = requests.slot(id);
      if (!requests.closed(slot)) break;
      this.tally.add(requests, slot);
      this.windows?.addRequest(requests, slot, frontEndSeconds);
    }
    if (id > from) sink?.(requests, from, id);
    if (this.windows === undefined) return;
    requests.dropBefore(id);
    this.tally.questions.closeBefore(from - REQUESTS_AT_ONCE); // of requests at one time, samples may stand apart
  }
}

/** One sample of all; that of a single replica is not copied. */
function merged(samples: readonly SeriesSample[]): Sample {
  const [first, ...others] = samples;
  if (first !== undefined && others.length === 0) return first;
  const all = new SeriesSample();
  for (const sample of samples) sample.addTo(all);
  return all;
}
