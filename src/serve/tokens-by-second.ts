import { seriesTotal } from "../core/line.js";
import { FIELDS, WIDTH, type RunLog } from "./run-log.js";

/** Output tokens by the second of the clock, all replicas together. */
export class TokensBySecond {
  #seconds = new Float64Array(1024);

  get most(): number {
    return this.#seconds.reduce((a, b) => Math.max(a, b), 0);
  }

  /** Adds the runs of a log that were not taken before. */
  add({ values, taken, length }: RunLog): void {
    for (let row = taken; row < length; row++) {
      const at = row * WIDTH;
      const emitted = values[at + FIELDS.emitted]!;
      if (emitted === 0) continue;
      const start = values[at + FIELDS.start]!;
      const now = values[at + FIELDS.now]!;
      const perStep = values[at + FIELDS.perStep]!;
      const steps = values[at + FIELDS.steps]!;
      const first = Math.floor(start + now);
      const end = start + seriesTotal(now, perStep, steps);
      this.#reserve(end);
      if (end < first + 1)
        this.#seconds[first]! += steps * emitted; // all in one second, the usual case
      else this.#spread(start, now, perStep, steps, emitted);
    }
  }

  /** Adds the tokens of a run to the seconds in which its iterations end. */
  #spread(start: number, now: number, perStep: number, steps: number, emitted: number): void {
    let done = 0;
    for (let second = Math.floor(start + now); done < steps; second++) {
      let low = done;
      let high = steps; // most iterations that end before second + 1
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (start + seriesTotal(now, perStep, middle) < second + 1) low = middle;
        else high = middle - 1;
      }
      this.#seconds[second]! += (low - done) * emitted;
      done = low;
    }
  }

  #reserve(second: number): void {
    let size = this.#seconds.length;
    if (second < size) return;
    while (second >= size) size *= 2;
    const grown = new Float64Array(size);
    grown.set(this.#seconds);
    this.#seconds = grown;
  }
}
