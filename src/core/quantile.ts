import { Rows } from "./rows.js";

const NOW = 0;
const PER_STEP = 1;
const STEPS = 2;
const WEIGHT = 3;

/**
 * Values that come as arithmetic series: now, now + perStep, … (`steps` of them), each `weight` times; perStep ≥ 0.
 * Counting the values at or below x is one division a series, so quantiles are exact without expanding anything.
 */
export class SeriesSample {
  readonly #series = new Rows(4);
  #single = true; // no series longer than one value, no weights
  #ascending: Float64Array | undefined;
  count = 0;
  sum = 0;

  add(now: number, perStep: number, steps: number, weight: number): void {
    if (steps === 0 || weight === 0) return;
    const single = steps === 1 ? 0 : perStep; // one value has no slope
    if (steps > 1 || weight > 1) this.#single = false;
    this.#ascending = undefined;
    const values = this.#series.grow();
    const at = (this.#series.length - 1) * 4;
    values[at + NOW] = now;
    values[at + PER_STEP] = single;
    values[at + STEPS] = steps;
    values[at + WEIGHT] = weight;
    this.count += steps * weight;
    this.sum += weight * (steps * now + (single * (steps * (steps - 1))) / 2);
  }

  addAll(other: SeriesSample): void {
    for (let i = 0; i < other.#series.length; i++) {
      const all = other.#series;
      this.add(all.at(i, NOW), all.at(i, PER_STEP), all.at(i, STEPS), all.at(i, WEIGHT));
    }
  }

  mean(): number {
    return this.count === 0 ? NaN : this.sum / this.count;
  }

  standardDeviation(): number {
    const mean = this.mean();
    let squares = 0;
    for (let i = 0; i < this.#series.length; i++) {
      const n = this.#series.at(i, STEPS);
      const a = this.#series.at(i, NOW) - mean;
      const b = this.#series.at(i, PER_STEP);
      squares +=
        this.#series.at(i, WEIGHT) * (n * a * a + a * b * n * (n - 1) + (b * b * (n - 1) * n * (2 * n - 1)) / 6);
    }
    return this.count === 0 ? NaN : Math.sqrt(Math.max(0, squares / this.count));
  }

  /** The smallest value with at least `share` of all values at or below it (the inverse of the empirical distribution). */
  quantile(share: number): number {
    return this.quantiles([share])[0] as number;
  }

  /** Several quantiles, shares ascending: they narrow the range together as long as they can. */
  quantiles(shares: readonly number[]): readonly number[] {
    if (this.count === 0) return shares.map(() => NaN);
    const ranks = shares.map((share) => Math.max(1, Math.ceil(share * this.count)));
    if (this.#single) return ranks.map((rank) => this.#sorted()[rank - 1] as number);
    let low = Infinity;
    let high = -Infinity;
    const all = new Uint32Array(this.#series.length);
    for (let i = 0; i < all.length; i++) {
      all[i] = i;
      low = Math.min(low, this.#series.at(i, NOW));
      high = Math.max(high, this.#last(i));
    }
    const found: number[] = [];
    this.#search(all, 0, low, high, ranks, found);
    return found;
  }

  /**
   * Appends the values of the given ranks, ascending, all known to lie in [low, high]: `open` are the series with values
   * there, `below` counts the values of all others that are smaller. Each round halves the range and snaps both halves
   * to values of the sample, so it ends at single values.
   */
  #search(
    open: Uint32Array,
    below: number,
    low: number,
    high: number,
    ranks: readonly number[],
    found: number[],
  ): void {
    if (ranks.length === 0) return;
    if (low >= high) {
      for (let i = 0; i < ranks.length; i++) found.push(high);
      return;
    }
    const middle = low + (high - low) / 2;
    const split = this.#split(open, middle);
    const left = ranks.filter((rank) => rank <= below + split.count);
    if (left.length > 0) {
      const kept = open.filter((i) => this.#series.at(i, NOW) <= split.largest);
      this.#search(kept, below, low, split.largest, left, found);
    }
    if (left.length < ranks.length) {
      let closed = below;
      const kept = open.filter((i) => {
        if (this.#last(i) >= split.next) return true;
        closed += this.#series.at(i, STEPS) * this.#series.at(i, WEIGHT);
        return false;
      });
      this.#search(kept, closed, split.next, high, ranks.slice(left.length), found);
    }
  }

  /** All values ascending, where each stands alone; kept until the next is added. */
  #sorted(): Float64Array {
    this.#ascending ??= Float64Array.from({ length: this.#series.length }, (_, i) => this.#series.at(i, NOW)).sort();
    return this.#ascending;
  }

  #last(i: number): number {
    return this.#series.at(i, NOW) + this.#series.at(i, PER_STEP) * (this.#series.at(i, STEPS) - 1);
  }

  /** Of the given series: how many values are ≤ x, the largest of them, and the smallest above. */
  #split(series: Uint32Array, x: number): { count: number; largest: number; next: number } {
    let count = 0;
    let largest = -Infinity;
    let next = Infinity;
    for (const i of series) {
      const now = this.#series.at(i, NOW);
      if (now > x) {
        next = Math.min(next, now);
        continue;
      }
      const slope = this.#series.at(i, PER_STEP);
      const steps = this.#series.at(i, STEPS);
      let n = slope === 0 ? steps : Math.min(steps, Math.floor((x - now) / slope) + 1);
      while (n < steps && now + slope * n <= x) n++;
      while (n > 1 && now + slope * (n - 1) > x) n--;
      count += n * this.#series.at(i, WEIGHT);
      largest = Math.max(largest, now + slope * (n - 1));
      if (n < steps) next = Math.min(next, now + slope * n);
    }
    return { count, largest, next };
  }
}
