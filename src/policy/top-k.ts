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
    this.chosen = new Uint32Array(most + 1);
  }

  /** Valid until the next call. NaN is never taken. */
  of(scores: ArrayLike<number>, from: number, to: number, k: number = this.most): Uint32Array {
    const wanted = Math.min(k, to - from, this.most);
    if (wanted <= 0) return this.chosen.subarray(0, 0);
    if (to - from >= this.rest.length) this.rest = new Float64Array(2 * (to - from));
    const { rest } = this;
    let count = wanted === to - from ? 0 : gather(scores, from, to, this.guess, rest);
    if (count < wanted) {
      count = gather(scores, from, to, -Infinity, rest);
      if (count <= wanted) return this.takeAtLeast(scores, from, to, -Infinity);
    }
    // The next guess lets some more pass than are wanted, so that it is seldom too high.
    const more = Math.min(count, wanted + (wanted >> 3) + 2);
    this.guess = select(rest, count, more);
    const limit = select(rest, more, wanted);
    for (let i = wanted; i < count; i++) if (rest[i] === limit) return this.takeLowerFirst(scores, from, limit, wanted);
    return this.takeAtLeast(scores, from, to, limit);
  }

  /** All at the limit or above it; they are as many as are wanted at most. */
  private takeAtLeast(scores: ArrayLike<number>, from: number, to: number, limit: number): Uint32Array {
    const { chosen } = this;
    let size = 0;
    for (let i = from; i < to; i++) {
      chosen[size] = i;
      size = (size + Number((scores[i] as number) >= limit)) | 0;
    }
    return chosen.subarray(0, size);
  }

  /** All above the limit and, lower indices first, as many at it as are wanted. */
  private takeLowerFirst(scores: ArrayLike<number>, from: number, limit: number, wanted: number): Uint32Array {
    const { chosen, rest } = this;
    let equal = 0;
    for (let i = 0; i < wanted; i++) if (rest[i] === limit) equal++;
    let size = 0;
    for (let i = from; size < wanted; i++) {
      const score = scores[i] as number;
      if (score > limit || (score === limit && equal-- > 0)) chosen[size++] = i;
    }
    return chosen.subarray(0, size);
  }
}

// No jump in the loops below depends on a score: scores are noise, and a wrongly predicted jump costs more than the rest.

/** Scores of at least `least`, into `out`; returns how many. */
function gather(scores: ArrayLike<number>, from: number, to: number, least: number, out: Float64Array): number {
  let count = 0;
  for (let i = from; i < to; i++) {
    const score = scores[i] as number;
    out[count] = score;
    count = (count + Number(score >= least)) | 0;
  }
  return count;
}

/** Orders the first `count` numbers so that the k largest come first, the smallest of them at k - 1; returns that one. */
function select(numbers: Float64Array, count: number, k: number): number {
  let low = 0;
  let high = count; // the k-th lies in low … high - 1
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    const pivot = numbers[middle] as number;
    numbers[middle] = numbers[high - 1] as number;
    let above = low;
    for (let i = low; i < high - 1; i++) {
      const number = numbers[i] as number;
      numbers[i] = numbers[above] as number;
      numbers[above] = number;
      above = (above + Number(number > pivot)) | 0;
    }
    numbers[high - 1] = numbers[above] as number;
    numbers[above] = pivot;
    if (above === k - 1) return pivot;
    if (above > k - 1) high = above;
    else low = above + 1;
  }
  return numbers[k - 1] as number;
}
