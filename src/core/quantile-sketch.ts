import type { Sample } from "./quantile.js";

/** Largest relative error of a quantile, unless another is asked for. */
export const RELATIVE_ERROR = 0.001;
/** Smaller values, 0 among them, share one bucket: a nanosecond where values are seconds. */
const SMALLEST = 1e-9;

/**
 * Quantiles of any number of values ≥ 0 in memory that depends on their range alone: counts in buckets whose bounds grow
 * by a constant factor, so that the middle of a bucket is within `relativeError` of each value in it (DDSketch: Masson,
 * Rim and Lee, VLDB 2019, arXiv 1908.10693). Counts, sum, smallest and largest value are exact. Which bucket takes a
 * value depends on the value alone, so a series counts as its values one by one.
 */
export class QuantileSketch implements Sample {
  readonly relativeError: number;
  readonly #logFactor: number;
  #first = 0; // index of the bucket that stands first
  #buckets = new Float64Array(0);
  #tiny = 0; // values below SMALLEST
  #least = Infinity;
  #most = -Infinity;
  #origin = NaN; // moments are taken about the first value, so that squares stay small
  #deviations = 0;
  #squares = 0;
  count = 0;
  sum = 0;

  constructor(relativeError = RELATIVE_ERROR) {
    this.relativeError = relativeError;
    this.#logFactor = Math.log((1 + relativeError) / (1 - relativeError));
  }

  add(now: number, perStep: number, steps: number, weight: number): void {
    if (steps === 0 || weight === 0) return;
    const slope = steps === 1 ? 0 : perStep;
    const last = now + slope * (steps - 1);
    this.#moments(now, slope, steps, weight);
    this.#least = Math.min(this.#least, now);
    this.#most = Math.max(this.#most, last);
    for (let done = 0; done < steps;) {
      const value = now + slope * done;
      const tiny = value < SMALLEST;
      const bucket = tiny ? 0 : this.#bucketOf(value);
      const bound = tiny ? SMALLEST : this.#bound(bucket);
      const reached = last < bound ? steps : this.#below(now, slope, steps, bound);
      if (tiny) this.#tiny += (reached - done) * weight;
      else this.#raise(bucket, (reached - done) * weight);
      done = reached;
    }
  }

  /** Adds all values to another sketch of the same error. */
  addTo(other: QuantileSketch): void {
    if (this.count === 0) return;
    if (other.count === 0) other.#origin = this.#origin;
    const moved = this.#origin - other.#origin;
    other.count += this.count;
    other.sum += this.sum;
    other.#deviations += this.#deviations + this.count * moved;
    other.#squares += this.#squares + 2 * moved * this.#deviations + this.count * moved * moved;
    other.#least = Math.min(other.#least, this.#least);
    other.#most = Math.max(other.#most, this.#most);
    other.#tiny += this.#tiny;
    let from = 0;
    let to = this.#buckets.length;
    while (from < to && this.#buckets[from] === 0) from++;
    while (to > from && this.#buckets[to - 1] === 0) to--;
    if (from === to) return;
    other.#reserve(this.#first + from, this.#first + to);
    const shift = this.#first - other.#first;
    for (let i = from; i < to; i++) other.#buckets[i + shift]! += this.#buckets[i]!;
  }

  mean(): number {
    return this.count === 0 ? NaN : this.sum / this.count;
  }

  standardDeviation(): number {
    if (this.count === 0) return NaN;
    const shift = this.#deviations / this.count;
    return Math.sqrt(Math.max(0, this.#squares / this.count - shift * shift));
  }

  quantile(share: number): number {
    return this.quantiles([share])[0] as number;
  }

  quantiles(shares: readonly number[]): readonly number[] {
    return shares.map((share) => (this.count === 0 ? NaN : this.#ranked(Math.max(1, Math.ceil(share * this.count)))));
  }

  #ranked(rank: number): number {
    if (rank === this.count) return this.#most;
    let below = this.#tiny;
    if (rank === 1 || below >= rank) return this.#least;
    for (let i = 0; i < this.#buckets.length; i++) {
      below += this.#buckets[i] as number;
      if (below < rank) continue;
      const middle = (1 - this.relativeError) * this.#bound(this.#first + i);
      return Math.min(this.#most, Math.max(this.#least, middle));
    }
    return this.#most;
  }

  #moments(now: number, slope: number, n: number, weight: number): void {
    if (this.count === 0) this.#origin = now;
    const a = now - this.#origin;
    const pairs = (n * (n - 1)) / 2;
    this.count += n * weight;
    this.sum += weight * (n * now + slope * pairs);
    this.#deviations += weight * (n * a + slope * pairs);
    this.#squares += weight * (n * a * a + 2 * a * slope * pairs + (slope * slope * pairs * (2 * n - 1)) / 3);
  }

  /** Upper bound of a bucket: its values are smaller, and at least the bound before. */
  #bound(bucket: number): number {
    return Math.exp((bucket + 1) * this.#logFactor);
  }

  #bucketOf(value: number): number {
    let bucket = Math.floor(Math.log(value) / this.#logFactor);
    while (value >= this.#bound(bucket)) bucket++;
    while (value < this.#bound(bucket - 1)) bucket--;
    return bucket;
  }

  /** How many values of a series are below a bound that the last one reaches. */
  #below(now: number, slope: number, steps: number, bound: number): number {
    let n = Math.min(steps, Math.max(1, Math.ceil((bound - now) / slope)));
    while (n < steps && now + slope * n < bound) n++;
    while (n > 1 && now + slope * (n - 1) >= bound) n--;
    return n;
  }

  #raise(bucket: number, times: number): void {
    this.#reserve(bucket, bucket + 1);
    this.#buckets[bucket - this.#first]! += times;
  }

  /** Has room from one bucket to before another. */
  #reserve(from: number, to: number): void {
    if (this.#buckets.length === 0) this.#first = from;
    const end = this.#first + this.#buckets.length;
    if (from < this.#first || to > end) this.#widen(Math.min(from, this.#first), Math.max(to, end));
  }

  /** Makes room from one bucket to before another, and some beyond on the side that grows. */
  #widen(from: number, to: number): void {
    const spare = Math.max(256, this.#buckets.length >> 1);
    const first = from < this.#first ? from - spare : from;
    const end = to > this.#first + this.#buckets.length ? to + spare : to;
    const grown = new Float64Array(end - first);
    grown.set(this.#buckets, this.#first - first);
    this.#buckets = grown;
    this.#first = first;
  }
}
