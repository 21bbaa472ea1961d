import type { RangeSet } from "../core/range-set.js";

/** A sum for each position, for as many positions as come. */
export class ScoreSums {
  /** By position; longer than what is in use, zeros where nothing was added. */
  values: Float64Array;

  constructor(start: ArrayLike<number> = []) {
    this.values = Float64Array.from(start);
  }

  /** Adds `row[position]` for each position that is held. */
  add(held: RangeSet, row: ArrayLike<number>): void {
    this.reserve(held);
    const { values } = this;
    for (let range = 0; range < held.ranges; range++) {
      const end = held.end(range);
      for (let j = held.start(range); j < end; j++) values[j] = (values[j] as number) + (row[j] as number);
    }
  }

  /** Adds as `add` does, and finds the lowest sum of those held below `before`: its first position, -1 if there is none. */
  addAndFindLowest(held: RangeSet, row: ArrayLike<number>, before: number): number {
    this.reserve(held);
    const { values } = this;
    let lowest = -1;
    let least = Infinity;
    for (let range = 0; range < held.ranges; range++) {
      const end = held.end(range);
      const older = Math.min(end, before);
      let j = held.start(range);
      for (; j < older; j++) {
        const sum = (values[j] as number) + (row[j] as number);
        values[j] = sum;
        if (sum < least) {
          least = sum;
          lowest = j;
        }
      }
      for (; j < end; j++) values[j] = (values[j] as number) + (row[j] as number);
    }
    return lowest;
  }

  private reserve(held: RangeSet): void {
    const needed = held.ranges === 0 ? 0 : held.end(held.ranges - 1);
    if (needed <= this.values.length) return;
    const longer = new Float64Array(2 * needed);
    longer.set(this.values);
    this.values = longer;
  }
}
