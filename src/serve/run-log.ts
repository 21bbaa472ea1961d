import { Column } from "../core/columns.js";
import { total, type Line } from "../core/line.js";
import { SeriesSample } from "../core/quantile.js";

/**
 * What a replica did: one row a run of iterations whose durations follow a line. Times of single tokens are looked up
 * here instead of being written down.
 */
export class RunLog {
  readonly start = new Column(); // seconds
  readonly now = new Column(); // seconds of the first iteration
  readonly perStep = new Column();
  readonly steps = new Column();
  readonly decodes = new Column();
  readonly prefillTokens = new Column();
  readonly emitted = new Column(); // tokens an iteration emits, first tokens included
  readonly counter = new Column(); // decode counter before the run
  readonly blocksBefore = new Column(); // layer blocks in use while the first iteration runs
  readonly blocksAfter = new Column(); // and the last
  readonly preemptions = new Column(16); // times
  /** Gaps between tokens of one request. */
  readonly gaps = new SeriesSample();

  get length(): number {
    return this.start.length;
  }

  /** Time at which the decode counter reached `counter`. */
  timeOf(counter: number): number {
    let low = 0;
    let high = this.counter.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.counter.at(middle) < counter) low = middle;
      else high = middle - 1;
    }
    // Iterations without decoding come before the run that shares their counter, so `low` is a run that decodes.
    return this.start.at(low) + total(this.line(low), counter - this.counter.at(low));
  }

  line(row: number): Line {
    return { now: this.now.at(row), perStep: this.perStep.at(row) };
  }

  end(row: number): number {
    return this.start.at(row) + total(this.line(row), this.steps.at(row));
  }
}
