/** How often each whole number from 0 to a largest occurred: mean and quantiles without keeping the numbers. */
export class CountHistogram {
  readonly #times: Float64Array;
  #count = 0;
  #sum = 0;

  constructor(largest: number) {
    this.#times = new Float64Array(largest + 1);
  }

  add(value: number, times = 1): void {
    this.#times[value] = (this.#times[value] as number) + times;
    this.#count += times;
    this.#sum += value * times;
  }

  /** Adds all values of another, whose largest is no larger. */
  addAll(other: CountHistogram): void {
    other.#times.forEach((times, value) => {
      if (times > 0) this.add(value, times);
    });
  }

  times(value: number): number {
    return this.#times[value] ?? 0;
  }

  get count(): number {
    return this.#count;
  }

  mean(): number {
    return this.#count === 0 ? NaN : this.#sum / this.#count;
  }

  /** The smallest value with at least `share` of all values at or below it. */
  quantile(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.#count));
    let below = 0;
    for (let value = 0; value < this.#times.length; value++) {
      below += this.#times[value] as number;
      if (below >= rank) return value;
    }
    return NaN;
  }
}
