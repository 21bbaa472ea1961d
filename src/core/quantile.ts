import { Column } from "./columns.js";

/**
 * Values that come as arithmetic series: now, now + perStep, … (`steps` of them), each `weight` times; perStep ≥ 0.
 * Counting the values at or below x is one division a series, so quantiles are exact without expanding anything.
 */
export class SeriesSample {
  readonly #now = new Column();
  readonly #perStep = new Column();
  readonly #steps = new Column();
  readonly #weight = new Column();
  #single = true; // no series longer than one value, no weights
  #ascending: Float64Array | undefined;
  count = 0;
  sum = 0;

  add(now: number, perStep: number, steps: number, weight: number): void {
    if (steps === 0 || weight === 0) return;
    const single = steps === 1 ? 0 : perStep; // one value has no slope
    if (steps > 1 || weight > 1) this.#single = false;
    this.#ascending = undefined;
    this.#now.push(now);
    this.#perStep.push(single);
    this.#steps.push(steps);
    this.#weight.push(weight);
    this.count += steps * weight;
    this.sum += weight * (steps * now + (single * (steps * (steps - 1))) / 2);
  }

  addAll(other: SeriesSample): void {
    for (let i = 0; i < other.#now.length; i++) {
      this.add(other.#now.at(i), other.#perStep.at(i), other.#steps.at(i), other.#weight.at(i));
    }
  }

  mean(): number {
    return this.count === 0 ? NaN : this.sum / this.count;
  }

  standardDeviation(): number {
    const mean = this.mean();
    let squares = 0;
    for (let i = 0; i < this.#now.length; i++) {
      const n = this.#steps.at(i);
      const a = this.#now.at(i) - mean;
      const b = this.#perStep.at(i);
      squares += this.#weight.at(i) * (n * a * a + a * b * n * (n - 1) + (b * b * (n - 1) * n * (2 * n - 1)) / 6);
    }
    return this.count === 0 ? NaN : Math.sqrt(Math.max(0, squares / this.count));
  }

  /** The smallest value with at least `share` of all values at or below it (the inverse of the empirical distribution). */
  quantile(share: number): number {
    if (this.count === 0) return NaN;
    const rank = Math.max(1, Math.ceil(share * this.count));
    let low = Infinity;
    let high = -Infinity;
    if (this.#single) return this.#sorted()[rank - 1] as number;
    const open = new Uint32Array(this.#now.length); // series that may hold the answer, the first `left` of them
    let left = open.length;
    for (let i = 0; i < left; i++) {
      open[i] = i;
      low = Math.min(low, this.#now.at(i));
      high = Math.max(high, this.#last(i));
    }
    // Invariant: `below` values of closed series are ≤ low; fewer than rank of all are < the answer; the answer is in
    // [low, high]. Each round halves the interval, snaps both ends to values of the sample and closes what is outside.
    let below = 0;
    while (low < high) {
      const middle = low + (high - low) / 2;
      const split = this.#split(open, left, middle);
      if (below + split.count >= rank) high = split.largest;
      else low = split.next;
      let kept = 0;
      for (let place = 0; place < left; place++) {
        const i = open[place] as number;
        if (this.#last(i) < low) below += this.#steps.at(i) * this.#weight.at(i);
        else if (this.#now.at(i) <= high) open[kept++] = i;
      }
      left = kept;
    }
    return high;
  }

  /** All values ascending, where each stands alone; kept until the next is added. */
  #sorted(): Float64Array {
    this.#ascending ??= this.#now.view().slice().sort();
    return this.#ascending;
  }

  #last(i: number): number {
    return this.#now.at(i) + this.#perStep.at(i) * (this.#steps.at(i) - 1);
  }

  /** Of the given series: how many values are ≤ x, the largest of them, and the smallest above. */
  #split(series: Uint32Array, length: number, x: number): { count: number; largest: number; next: number } {
    let count = 0;
    let largest = -Infinity;
    let next = Infinity;
    for (let place = 0; place < length; place++) {
      const i = series[place] as number;
      const now = this.#now.at(i);
      if (now > x) {
        next = Math.min(next, now);
        continue;
      }
      const slope = this.#perStep.at(i);
      const steps = this.#steps.at(i);
      let n = slope === 0 ? steps : Math.min(steps, Math.floor((x - now) / slope) + 1);
      while (n < steps && now + slope * n <= x) n++;
      while (n > 1 && now + slope * (n - 1) > x) n--;
      count += n * this.#weight.at(i);
      largest = Math.max(largest, now + slope * (n - 1));
      if (n < steps) next = Math.min(next, now + slope * n);
    }
    return { count, largest, next };
  }
}
