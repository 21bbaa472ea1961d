/**
 * The k best of scores[from … to - 1] as ascending indices; of equal scores the lower index is taken first. A bounded
 * heap of the best so far, its worst on top.
 */
export class TopK {
  private readonly heap: Uint32Array; // indices; the worst of them at 0
  private size = 0;
  readonly most: number;

  constructor(most: number) {
    this.most = most;
    this.heap = new Uint32Array(Math.max(1, most));
  }

  /** Valid until the next call. NaN is never taken. */
  of(scores: ArrayLike<number>, from: number, to: number, k: number = this.most): Uint32Array {
    this.size = 0;
    const most = Math.min(k, to - from, this.most);
    if (most <= 0) return this.heap.subarray(0, 0);
    for (let i = from; i < to; i++) {
      if (this.size < most) this.add(scores, i);
      else if ((scores[i] as number) > (scores[this.heap[0] as number] as number)) this.replaceWorst(scores, i);
    }
    return this.heap.subarray(0, this.size).sort();
  }

  private add(scores: ArrayLike<number>, index: number): void {
    let at = this.size++;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      const other = this.heap[parent] as number;
      if (!worse(scores, index, other)) break;
      this.heap[at] = other;
      at = parent;
    }
    this.heap[at] = index;
  }

  private replaceWorst(scores: ArrayLike<number>, index: number): void {
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.size) break;
      if (child + 1 < this.size && worse(scores, this.heap[child + 1] as number, this.heap[child] as number)) child++;
      if (!worse(scores, this.heap[child] as number, index)) break;
      this.heap[at] = this.heap[child] as number;
      at = child;
    }
    this.heap[at] = index;
  }
}

/** Whether a is given up before b: a lower score, or an equal one at a higher index. */
function worse(scores: ArrayLike<number>, a: number, b: number): boolean {
  const difference = (scores[a] as number) - (scores[b] as number);
  return difference < 0 || (difference === 0 && a > b);
}
