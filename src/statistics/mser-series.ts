import { MSER_BATCH, mserCut } from "./mser.js";

/** Batches that are kept at most: of five values up to 200,000 of them, of ten up to twice as many, and so on. */
const MOST_BATCHES = 40_000;

/** Values at ascending times, batched for MSER-5 in memory that does not depend on how many there are. */
export class MserSeries {
  readonly #means = new Float64Array(MOST_BATCHES);
  readonly #times = new Float64Array(MOST_BATCHES); // of the first value of a batch
  #batches = 0; // full ones
  #size = MSER_BATCH;
  #values = 0; // in the open batch
  #sum = 0;

  get values(): number {
    return this.#batches * this.#size + this.#values;
  }

  add(time: number, value: number): void {
    if (this.#values === 0) this.#times[this.#batches] = time;
    this.#sum += value;
    if (++this.#values < this.#size) return;
    this.#means[this.#batches++] = this.#sum / this.#size;
    this.#values = 0;
    this.#sum = 0;
    if (this.#batches === MOST_BATCHES) this.#join();
  }

  /** Time of the first value after the warm-up; undefined if MSER-5 finds no end of it. */
  warmupEnd(): number | undefined {
    const cut = mserCut(this.#means.subarray(0, this.#batches));
    return cut === undefined ? undefined : this.#times[cut];
  }

  #join(): void {
    this.#size *= 2;
    this.#batches /= 2;
    for (let i = 0; i < this.#batches; i++) {
      this.#means[i] = (this.#means[2 * i]! + this.#means[2 * i + 1]!) / 2;
      this.#times[i] = this.#times[2 * i]!;
    }
  }
}
