import { CountHistogram } from "../core/count-histogram.js";

/**
 * A token recurs in a row that gives it at least this share: α of RaaS (arXiv 2502.11147). LazyEviction (arXiv 2506.15969),
 * whose measure this is, does not print its own.
 */
export const RECURRENCE_SHARE = 1e-4;

/** Recurrence of a layer's tokens: in how many rows' time each is looked at again, by any of its heads. */
export class Recurrence {
  private readonly last: Int32Array; // by position: the row of its last recurrence, or the one that brought it
  private readonly longest: Int32Array; // by position: most rows from one recurrence to the next, 0 if there was none
  private lastRow = -1;

  constructor(promptTokens: number, totalTokens: number) {
    this.last = Int32Array.from({ length: totalTokens }, (_, j) => Math.max(j, promptTokens - 1));
    this.longest = new Int32Array(totalTokens);
  }

  /** The positions to which a head gives at least RECURRENCE_SHARE of the row at `position`. */
  addRow(position: number, active: Uint32Array, count: number): void {
    this.lastRow = position;
    for (let i = 0; i < count; i++) {
      const j = active[i] as number;
      const gap = position - (this.last[j] as number);
      if (gap > (this.longest[j] as number)) this.longest[j] = gap;
      this.last[j] = position;
    }
  }

  /** Tokens that had a later row, by their longest gap; 0 for those that never recurred. */
  longestGaps(): CountHistogram {
    const gaps = new CountHistogram(this.longest.reduce((largest, gap) => Math.max(largest, gap), 0));
    for (let j = 0; j < this.lastRow; j++) gaps.add(this.longest[j] as number);
    return gaps;
  }
}
