import { Rows } from "./rows.js";

const NOW = 0;
const PER_STEP = 1;
const STEPS = 2;
const WEIGHT = 3;
const WIDTH = 4;

/** Values that were added, one by one or as series: how many, how large, and where their quantiles lie. */
export interface Sample {
  readonly count: number;
  readonly sum: number;
  /** Adds now, now + perStep, … (`steps` values), each `weight` times; perStep ≥ 0. */
  add(now: number, perStep: number, steps: number, weight: number): void;
  mean(): number; // NaN if there are none, as the others
  standardDeviation(): number;
  /** The smallest value with at least `share` of all values at or below it (the inverse of the empirical distribution). */
  quantile(share: number): number;
  quantiles(shares: readonly number[]): readonly number[]; // shares ascending
}

/**
 * Values that come as arithmetic series: now, now + perStep, … (`steps` of them), each `weight` times; perStep ≥ 0.
 * Counting the values at or below x is one division a series, so quantiles are exact without expanding anything.
 */
export class SeriesSample implements Sample {
  #series = new Rows(WIDTH, 64);
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
    const at = (this.#series.length - 1) * WIDTH;
    values[at + NOW] = now;
    values[at + PER_STEP] = single;
    values[at + STEPS] = steps;
    values[at + WEIGHT] = weight;
    this.count += steps * weight;
    this.sum += weight * (steps * now + (single * (steps * (steps - 1))) / 2);
  }

  /** Adds all values to another sample. */
  addTo(other: Sample): void {
    const all = this.#series;
    for (let i = 0; i < all.length; i++) {
      other.add(all.at(i, NOW), all.at(i, PER_STEP), all.at(i, STEPS), all.at(i, WEIGHT));
    }
  }

  mean(): number {
    return this.count === 0 ? NaN : this.sum / this.count;
  }

  standardDeviation(): number {
    const mean = this.mean();
    const values = this.#series.values;
    const end = this.#series.length * WIDTH;
    let squares = 0;
    for (let at = 0; at < end; at += WIDTH) {
      const n = values[at + STEPS]!;
      const a = values[at + NOW]! - mean;
      const b = values[at + PER_STEP]!;
      squares += values[at + WEIGHT]! * (n * a * a + a * b * n * (n - 1) + (b * b * (n - 1) * n * (2 * n - 1)) / 6);
    }
    return this.count === 0 ? NaN : Math.sqrt(Math.max(0, squares / this.count));
  }

  quantile(share: number): number {
    return this.quantiles([share])[0] as number;
  }

  /** Several quantiles, shares ascending: they narrow the range together as long as they can. */
  quantiles(shares: readonly number[]): readonly number[] {
    if (this.count === 0) return shares.map(() => NaN);
    const ranks = shares.map((share) => Math.max(1, Math.ceil(share * this.count)));
    if (this.#single) return ranks.map((rank) => this.#sorted()[rank - 1] as number);
    const values = this.#series.values;
    const all = new Uint32Array(this.#series.length);
    let low = Infinity;
    let high = -Infinity;
    for (let i = 0; i < all.length; i++) {
      const at = i * WIDTH;
      all[i] = at;
      const now = values[at + NOW]!;
      const last = now + values[at + PER_STEP]! * (values[at + STEPS]! - 1);
      if (now < low) low = now;
      if (last > high) high = last;
    }
    const found: number[] = [];
    this.#search(all, 0, low, high, ranks, found, false);
    return found;
  }

  /**
   * Appends the values of the given ranks, ascending, all known to lie in [low, high]: `open` are the series with values
   * there, by where they stand, `below` counts the values of all others that are smaller. Each round splits the range,
   * at the first value of the series in the middle or, every other time, at half, and snaps both sides to values of the
   * sample, so it ends at single values.
   */
  #search(
    open: Uint32Array,
    below: number,
    low: number,
    high: number,
    ranks: readonly number[],
    found: number[],
    halve: boolean,
  ): void {
    if (low >= high) {
      for (let i = 0; i < ranks.length; i++) found.push(high);
      return;
    }
    const candidate = this.#series.values[open[open.length >> 1]! + NOW]!;
    const pivot = halve || candidate < low || candidate >= high ? low + (high - low) / 2 : candidate;
    const split = this.#split(open, pivot);
    const left = ranks.filter((rank) => rank <= below + split.count);
    const right = ranks.slice(left.length);
    const { lower, lowers, upper, uppers, closed, largest, next } = split;
    if (left.length > 0) this.#search(lower.subarray(0, lowers), below, low, largest, left, found, !halve);
    if (right.length > 0) this.#search(upper.subarray(0, uppers), below + closed, next, high, right, found, !halve);
  }

  /** All values ascending, where each stands alone; kept until the next is added. */
  #sorted(): Float64Array {
    if (this.#ascending === undefined) {
      const values = this.#series.values;
      const all = new Float64Array(this.#series.length);
      for (let i = 0; i < all.length; i++) all[i] = values[i * WIDTH + NOW]!;
      this.#ascending = all.sort();
    }
    return this.#ascending;
  }

  /** Splits the values of some series at x. */
  #split(series: Uint32Array, x: number): Split {
    const split = new Split(series.length);
    // A few at a time: V8 gives up a loop it has compiled while the loop ran as soon as that ends for the first time.
    for (let from = 0; from < series.length; from += 256) {
      this.#tally(series.subarray(from, from + 256), x, split);
    }
    return split;
  }

  #tally(series: Uint32Array, x: number, split: Split): void {
    const values = this.#series.values;
    for (let i = 0; i < series.length; i++) {
      const at = series[i]!;
      const now = values[at + NOW]!;
      if (now > x) {
        split.upper[split.uppers++] = at;
        if (now < split.next) split.next = now;
        continue;
      }
      const slope = values[at + PER_STEP]!;
      const steps = values[at + STEPS]!;
      let n = slope === 0 ? steps : Math.min(steps, Math.floor((x - now) / slope) + 1);
      while (n < steps && now + slope * n <= x) n++;
      while (n > 1 && now + slope * (n - 1) > x) n--;
      const last = now + slope * (n - 1);
      if (last > split.largest) split.largest = last;
      split.lower[split.lowers++] = at;
      split.count += n * values[at + WEIGHT]!;
      if (n === steps) {
        split.closed += n * values[at + WEIGHT]!;
        continue;
      }
      split.upper[split.uppers++] = at;
      if (now + slope * n < split.next) split.next = now + slope * n;
    }
  }
}

/** Values of some series on both sides of a pivot. */
class Split {
  count = 0; // values ≤ the pivot
  closed = 0; // those of series without any above
  largest = -Infinity; // of them
  next = Infinity; // smallest value above
  lowers = 0;
  uppers = 0;
  readonly lower: Uint32Array; // series with values ≤ the pivot: the first `lowers`
  readonly upper: Uint32Array; // and above

  constructor(series: number) {
    this.lower = new Uint32Array(series);
    this.upper = new Uint32Array(series);
  }
}
