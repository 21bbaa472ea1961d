/**
 * The k best of scores[from … to - 1] as ascending indices; of equal scores the lower index is taken first. Finds the
 * k-th best score, then takes what is above it. From step to step that score changes little: the search among all
 * begins with those no worse than a guess from the last call, and goes back to all if they are too few.
 */
export class TopK {
  private readonly chosen: Uint32Array;
  private rest = new Float64Array(64); // scores among which the k-th best is sought
  private guess = -Infinity;
  readonly most: number;

  constructor(most: number) {
    this.most = most;
    this.chosen = new Uint32Array(Math.max(1, most));
  }

  /** Valid until the next call. NaN is never taken. */
  of(scores: ArrayLike<number>, from: number, to: number, k: number = this.most): Uint32Array {
    const wanted = Math.min(k, to - from, this.most);
    if (wanted <= 0) return this.chosen.subarray(0, 0);
    if (to - from > this.rest.length) this.rest = new Float64Array(2 * (to - from));
    let count = this.gather(scores, from, to, this.guess);
    if (count < wanted) count = this.gather(scores, from, to, -Infinity);
    if (count < wanted) return this.take(scores, from, to, -Infinity, count);
    // The next guess lets some more pass than are wanted, so that it is seldom too high.
    const more = Math.min(count, wanted + (wanted >> 3) + 2);
    this.guess = select(this.rest, count, more);
    return this.take(scores, from, to, select(this.rest, more, wanted), wanted);
  }

  /** Scores of at least `least`, into `rest`; returns how many. */
  private gather(scores: ArrayLike<number>, from: number, to: number, least: number): number {
    const { rest } = this;
    let count = 0;
    for (let i = from; i < to; i++) {
      const score = scores[i] as number;
      if (score >= least) rest[count++] = score;
    }
    return count;
  }

  /** All above the limit and, lower indices first, as many at it as are wanted. */
  private take(scores: ArrayLike<number>, from: number, to: number, limit: number, wanted: number): Uint32Array {
    const { chosen, rest } = this;
    let equal = wanted;
    for (let i = 0; i < wanted; i++) if ((rest[i] as number) > limit) equal--;
    let size = 0;
    for (let i = from; i < to && size < wanted; i++) {
      const score = scores[i] as number;
      if (score > limit || (score === limit && equal-- > 0)) chosen[size++] = i;
    }
    return chosen.subarray(0, size);
  }
}

/** Orders the first `count` numbers so that the k largest come first, the smallest of them at k - 1; returns that one. */
function select(numbers: Float64Array, count: number, k: number): number {
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const pivot = numbers[(low + high) >>> 1] as number;
    let i = low;
    let j = high;
    while (i <= j) {
      while ((numbers[i] as number) > pivot) i++;
      while ((numbers[j] as number) < pivot) j--;
      if (i > j) break;
      const swapped = numbers[i] as number;
      numbers[i++] = numbers[j] as number;
      numbers[j--] = swapped;
    }
    if (k - 1 <= j) high = j;
    else if (k - 1 >= i) low = i;
    else break;
  }
  return numbers[k - 1] as number;
}
