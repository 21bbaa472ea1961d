import { REFUSED, type RequestTable } from "./request-table.js";
import type { RunLog } from "./run-log.js";

/** What is summed in each window; amounts over a stretch of time are shared among the windows it overlaps. */
const COLUMNS = [
  "output", // tokens
  "input",
  "running", // sequence seconds
  "waiting", // request seconds
  "blocks", // layer block seconds
  "preemptions",
  "sent", // requests of those that end
  "admitted",
  "ended",
] as const;
type ColumnName = (typeof COLUMNS)[number];

/**
 * A run in windows of equal width from time 0, all replicas together. Windows that may grow double their width whenever
 * the time passes the last one, so their number, and with it the memory, does not depend on how long the run is.
 */
export class Windows {
  width: number; // seconds
  readonly #columns: Readonly<Record<ColumnName, Float64Array>>;
  readonly #number: number;
  readonly #grow: boolean;

  constructor(width: number, number: number, grow: boolean) {
    this.width = width;
    this.#number = number;
    this.#grow = grow;
    this.#columns = Object.fromEntries(COLUMNS.map((name) => [name, new Float64Array(number)])) as Record<
      ColumnName,
      Float64Array
    >;
  }

  /** Adds a request that has ended. */
  addRequest(requests: RequestTable, slot: number, frontEndSeconds: number): void {
    if (requests.lost[slot] === REFUSED) return;
    const sent = requests.sent[slot] as number;
    const end = requests.end[slot] as number;
    const admitted = requests.leftQueue(slot);
    this.#addOver("waiting", sent + frontEndSeconds, admitted, 1);
    this.#addOver("running", admitted, end, 1);
    this.#addAt("sent", sent);
    this.#addAt("admitted", admitted);
    this.#addAt("ended", end);
  }

  /** Adds the runs of a log that were not taken before, and its preemptions likewise. */
  addRuns(log: RunLog): void {
    for (let row = log.taken; row < log.length; row++) {
      const start = log.get(row, "start");
      const stop = log.end(row);
      const tokens = log.get(row, "emitted") * log.get(row, "steps");
      this.#addOver("output", start, stop, tokens / (stop - start));
      this.#addOver("input", start, stop, log.get(row, "prefillTokens") / (stop - start));
      this.#addOver("blocks", start, stop, (log.get(row, "blocksBefore") + log.get(row, "blocksAfter")) / 2);
    }
    for (const time of log.preemptions) this.#addAt("preemptions", time);
  }

  at(column: ColumnName, window: number): number {
    return this.#columns[column][window] as number;
  }

  /** Number of windows up to a time. */
  count(end: number): number {
    return Math.min(this.#number, Math.ceil(end / this.width));
  }

  /** What came before a time, to the nearest window; a column of numbers of events. */
  before(column: ColumnName, time: number): number {
    const windows = Math.min(this.#number, Math.round(time / this.width));
    return this.#columns[column].subarray(0, windows).reduce((a, b) => a + b, 0);
  }

  #addAt(column: ColumnName, time: number): void {
    this.#reserve(time);
    this.#columns[column][Math.min(this.#number - 1, Math.floor(time / this.width))]!++;
  }

  /** Adds height × seconds of the interval to each window it overlaps. */
  #addOver(column: ColumnName, from: number, to: number, height: number): void {
    if (!(to > from)) return;
    this.#reserve(to);
    const { width } = this;
    const values = this.#columns[column];
    const last = Math.min(this.#number - 1, Math.floor(to / width));
    for (let window = Math.min(last, Math.floor(from / width)); window <= last; window++) {
      const overlap = Math.min(to, (window + 1) * width) - Math.max(from, window * width);
      if (overlap > 0) values[window]! += height * overlap;
    }
  }

  #reserve(time: number): void {
    while (this.#grow && time >= this.#number * this.width) {
      this.width *= 2;
      for (const name of COLUMNS) {
        const values = this.#columns[name];
        for (let i = 0; i < this.#number; i++)
          values[i] = 2 * i < this.#number ? values[2 * i]! + values[2 * i + 1]! : 0;
      }
    }
  }
}
