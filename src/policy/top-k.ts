/**
 * The k best of scores[from … to - 1] as ascending indices; of equal scores the lower index is taken first. Finds the
 * k-th best score, then takes what is above it. From step to step that score changes little: only scores above a bar
 * somewhat below the last one are looked at, all if these are too few.
 */
export class TopK {
  private chosen: Uint32Array;
  private found = new Uint32Array(64); // indices of the scores above the bar
  private rest = new Float64Array(64); // these scores, in any order
  private view: Uint32Array = new Uint32Array(0); // what the last call gave out
  private bar = -Infinity;
  private margin = NaN; // of the bar below the k-th best
  readonly most: number;

  constructor(most: number) {
    this.most = most;
    this.chosen = new Uint32Array(64);
  }

  /** Valid until the next call. NaN is never taken. */
  of(scores: ArrayLike<number>, from: number, to: number, k: number = this.most): Uint32Array {
    const wanted = Math.min(k, to - from, this.most);
    if (wanted <= 0) return this.firstOf(this.chosen, 0);
    if (to - from >= this.rest.length) this.reserve(2 * (to - from));
    const { found, rest } = this;
    let count = wanted === to - from ? 0 : gather(scores, from, to, this.bar, found, rest);
    if (count < wanted) {
      count = gather(scores, from, to, -Infinity, found, rest);
      if (count <= wanted) return this.firstOf(found, count);
      this.margin *= 2;
    } else if (count > wanted + (wanted >> 1)) this.margin *= 0.9;
    const limit = select(rest, count, wanted);
    this.lowerBar(limit);
    const size = this.take(scores, count, limit);
    if (size > wanted) this.takeLowerFirst(scores, count, limit, wanted);
    return this.firstOf(this.chosen, wanted);
  }

  private lowerBar(limit: number): void {
    if (!Number.isFinite(limit)) this.bar = -Infinity;
    else {
      if (!(this.margin > 0 && this.margin < Infinity)) this.margin = Math.abs(limit) / 8;
      this.bar = limit - this.margin;
    }
  }

  /** All found at the limit or above it, as `chosen`; returns how many. */
  private take(scores: ArrayLike<number>, count: number, limit: number): number {
    const { chosen, found } = this;
    let size = 0;
    for (let i = 0; i < count; i++) {
      const index = found[i] as number;
      chosen[size] = index;
      size = (size + Number((scores[index] as number) >= limit)) | 0;
    }
    return size;
  }

  /** All found above the limit and, lower indices first, as many at it as are wanted. */
  private takeLowerFirst(scores: ArrayLike<number>, count: number, limit: number, wanted: number): void {
    const { chosen, found } = this;
    let equal = wanted;
    for (let i = 0; i < count; i++) if ((scores[found[i] as number] as number) > limit) equal--;
    let size = 0;
    for (let i = 0; size < wanted; i++) {
      const index = found[i] as number;
      const score = scores[index] as number;
      if (score > limit || (score === limit && equal-- > 0)) chosen[size++] = index;
    }
  }

  /** As many are asked for again and again: the view is made once. */
  private firstOf(indices: Uint32Array, count: number): Uint32Array {
    const { view } = this;
    if (view.length === count && view.buffer === indices.buffer) return view;
    return (this.view = indices.subarray(0, count));
  }

  private reserve(length: number): void {
    this.chosen = new Uint32Array(length);
    this.found = new Uint32Array(length);
    this.rest = new Float64Array(length);
  }
}

// No jump in the loops below depends on a score: scores are noise, and a wrongly predicted jump costs more than the rest.

/** Scores of at least `least` and their indices; returns how many. */
function gather(
  scores: ArrayLike<number>,
  from: number,
  to: number,
  least: number,
  found: Uint32Array,
  out: Float64Array,
): number {
  let count = 0;
  for (let i = from; i < to; i++) {
    const score = scores[i] as number;
    out[count] = score;
    found[count] = i;
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
