import { seriesTotal, type Line } from "../core/line.js";
import { SeriesSample } from "../core/quantile.js";
import { Rows } from "../core/rows.js";

/** One run of iterations that differ only along a line. */
export interface RunRow {
  readonly start: number; // seconds
  readonly now: number; // seconds of the first iteration
  readonly perStep: number;
  readonly steps: number;
  readonly decodes: number; // sequences that decode in each iteration
  readonly prefillTokens: number;
  readonly emitted: number; // tokens an iteration emits, first tokens included
  readonly counter: number; // decode counter before the run
  readonly blocksBefore: number; // layer blocks in use while the first iteration runs
  readonly blocksAfter: number; // and the last
}

/** The same with its line as the cost model gave it. */
export interface LoggedRun extends Omit<RunRow, "now" | "perStep"> {
  readonly cost: Line;
}

/** Where the fields of a run stand in its row of `values`. */
export const FIELDS = {
  start: 0,
  now: 1,
  perStep: 2,
  steps: 3,
  decodes: 4,
  prefillTokens: 5,
  emitted: 6,
  counter: 7,
  blocksBefore: 8,
  blocksAfter: 9,
} as const satisfies Record<keyof RunRow, number>;
export const WIDTH = 10;

/** What a replica did, run by run. Times of single tokens are looked up here instead of being written down. */
export class RunLog {
  readonly #rows = new Rows(WIDTH, 64);
  preemptions: number[] = []; // times; not of those that were taken
  /** Gaps between tokens of one request; not of those that were taken. */
  gaps = new SeriesSample();
  taken = 0; // rows at the start that the books have added up already
  runs = 0; // ever

  /** Rows that are kept. */
  get length(): number {
    return this.#rows.length;
  }

  /** All rows, WIDTH numbers each, the first `length` of them written: for loops over every run. */
  get values(): Float64Array {
    return this.#rows.values;
  }

  add(run: LoggedRun): void {
    this.runs++;
    const values = this.#rows.grow();
    const at = (this.#rows.length - 1) * WIDTH;
    values[at + FIELDS.start] = run.start;
    values[at + FIELDS.now] = run.cost.now;
    values[at + FIELDS.perStep] = run.cost.perStep;
    values[at + FIELDS.steps] = run.steps;
    values[at + FIELDS.decodes] = run.decodes;
    values[at + FIELDS.prefillTokens] = run.prefillTokens;
    values[at + FIELDS.emitted] = run.emitted;
    values[at + FIELDS.counter] = run.counter;
    values[at + FIELDS.blocksBefore] = run.blocksBefore;
    values[at + FIELDS.blocksAfter] = run.blocksAfter;
  }

  get(row: number, field: keyof RunRow): number {
    return this.#rows.at(row, FIELDS[field]);
  }

  /** Time at which the decode counter reached `counter`. */
  timeOf(counter: number): number {
    let low = 0;
    let high = this.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.get(middle, "counter") < counter) low = middle;
      else high = middle - 1;
    }
    // Iterations without decoding come before the run that shares their counter, so `low` is a run that decodes.
    return this.#after(low, counter - this.get(low, "counter"));
  }

  /** All rows have been added up: drops those that nobody can ask for, who knows of tokens from `counter` on. */
  dropTaken(counter: number): void {
    let first = 0;
    // The row after the last whose counter is below holds the next token, too: that row stays.
    while (first < this.length - 1 && this.get(first + 1, "counter") <= counter) first++;
    this.#rows.dropFirst(first);
    this.taken = this.length;
    this.preemptions = [];
    this.gaps = new SeriesSample();
  }

  end(row: number): number {
    return this.#after(row, this.get(row, "steps"));
  }

  /** Time after so many iterations of a run. */
  #after(row: number, steps: number): number {
    return this.get(row, "start") + seriesTotal(this.get(row, "now"), this.get(row, "perStep"), steps);
  }
}
