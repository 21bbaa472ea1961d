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
  count = 0;
  sum = 0;

  add(now: number, perStep: number, steps: number, weight: number): void {
    if (steps === 0 || weight === 0) return;
    const single = steps === 1 ? 0 : perStep; // one value has no slope
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
    for (let i = 0; i < this.#now.length; i++) {
      low = Math.min(low, this.#now.at(i));
      high = Math.max(high, this.#now.at(i) + this.#perStep.at(i) * (this.#steps.at(i) - 1));
    }
    if (this.#below(low).count >= rank) return low;
    // Invariant: fewer than rank values are ≤ low, at least rank are ≤ high. `atMost` snaps to a value of the sample.
    while (low < high) {
      const middle = low + (high - low) / 2;
      const found = this.#below(middle);
      if (found.count >= rank) {
        if (found.largest === high) break;
        high = found.largest;
      } else {
        if (middle === low) break;
        low = middle;
      }
    }
    return high;
  }

  /** How many values are ≤ x, and the largest of them. */
  #below(x: number): { count: number; largest: number } {
    let count = 0;
    let largest = -Infinity;
    for (let i = 0; i < this.#now.length; i++) {
      const now = this.#now.at(i);
      if (now > x) continue;
      const slope = this.#perStep.at(i);
      const steps = this.#steps.at(i);
      let n = slope === 0 ? steps : Math.min(steps, Math.floor((x - now) / slope) + 1);
      while (n < steps && now + slope * n <= x) n++;
      while (n > 1 && now + slope * (n - 1) > x) n--;
      count += n * this.#weight.at(i);
      largest = Math.max(largest, now + slope * (n - 1));
    }
    return { count, largest };
  }
}
