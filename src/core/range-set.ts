import { check } from "./check.js";

const LONG = 64; // bounds from which a call to copy them costs less than a loop

/**
 * A set of whole numbers ≥ 0 as ascending, disjoint, non-touching half-open ranges [start, end). Cheap for what caches
 * hold: long runs, changed at the end or at single places.
 */
export class RangeSet {
  /** start, end, start, end … of the ranges; valid up to 2 · ranges. */
  private bounds = new Uint32Array(16);
  private used = 0;
  private members = 0;
  private pushed = 0;

  static of(...pairs: readonly (readonly [number, number])[]): RangeSet {
    const set = new RangeSet();
    for (const [start, end] of pairs) set.push(start, end);
    return set;
  }

  /** How many numbers it holds. */
  get size(): number {
    return this.members;
  }

  /** How many numbers were ever pushed, those that have left it included: unchanged if it has only lost some since. */
  get everPushed(): number {
    return this.pushed;
  }

  /** How many ranges they form. */
  get ranges(): number {
    return this.used / 2;
  }

  start(range: number): number {
    return this.bounds[2 * range] as number;
  }

  end(range: number): number {
    return this.bounds[2 * range + 1] as number;
  }

  clear(): void {
    this.used = 0;
    this.members = 0;
  }

  copy(other: RangeSet): void {
    const { bounds, used } = other;
    if (this.bounds.length < used) this.bounds = new Uint32Array(2 * used);
    if (used > LONG) this.bounds.set(bounds.subarray(0, used));
    else for (let i = 0; i < used; i++) this.bounds[i] = bounds[i] as number;
    this.used = used;
    this.members = other.members;
    this.pushed = other.pushed;
  }

  /** Adds [start, end) after everything it holds; an empty range adds nothing. */
  push(start: number, end: number = start + 1): void {
    if (start >= end) return;
    const last = this.used === 0 ? -1 : (this.bounds[this.used - 1] as number);
    if (start < last) check(false, `range from ${start} pushed after ${last}`);
    this.members += end - start;
    this.pushed += end - start;
    if (start === last) {
      this.bounds[this.used - 1] = end;
      return;
    }
    this.reserve();
    this.bounds[this.used++] = start;
    this.bounds[this.used++] = end;
  }

  has(value: number): boolean {
    const range = this.rangeBefore(value);
    return range >= 0 && value < this.end(range);
  }

  /** How many of some numbers, ascending, it holds. */
  countOf(values: Uint32Array): number {
    if (this.ranges === 1 && values.length > 0) {
      const inside = (values[0] as number) >= this.start(0) && (values[values.length - 1] as number) < this.end(0);
      if (inside) return values.length;
    }
    let held = 0;
    for (let i = 0; i < values.length; i++) if (this.has(values[i] as number)) held++;
    return held;
  }

  /** Takes [start, end) out; all of it must be held. */
  remove(start: number, end: number = start + 1): void {
    if (start >= end) return;
    const range = this.rangeBefore(start);
    if (range < 0 || end > this.end(range)) check(false, `[${start}, ${end}) removed, but not held`);
    const [from, to] = [this.start(range), this.end(range)];
    this.members -= end - start;
    const at = 2 * range;
    if (from === start && to === end) {
      this.bounds.copyWithin(at, at + 2, this.used);
      this.used -= 2;
    } else if (from === start) {
      this.bounds[at] = end;
    } else if (to === end) {
      this.bounds[at + 1] = start;
    } else {
      this.reserve();
      this.bounds.copyWithin(at + 2, at, this.used);
      this.used += 2;
      this.bounds[at + 1] = start;
      this.bounds[at + 2] = end;
    }
  }

  /** Whether all of the other's numbers are in this one. */
  includes(other: RangeSet): boolean {
    if (other === this || other.ranges === 0) return true;
    if (this.ranges === 1) return other.start(0) >= this.start(0) && other.end(other.ranges - 1) <= this.end(0);
    let mine = 0;
    for (let i = 0; i < other.ranges; i++) {
      while (mine < this.ranges && this.end(mine) < other.end(i)) mine++;
      if (mine === this.ranges || this.start(mine) > other.start(i)) return false;
    }
    return true;
  }

  /** How many of its numbers lie in [start, end). */
  countWithin(start: number, end: number): number {
    let count = 0;
    for (let i = Math.max(0, this.rangeBefore(start)); i < this.ranges && this.start(i) < end; i++) {
      count += Math.max(0, Math.min(end, this.end(i)) - Math.max(start, this.start(i)));
    }
    return count;
  }

  /** Writes start and end of each range in turn; returns how many ranges. */
  writeTo(out: Uint32Array): number {
    const { bounds, used } = this;
    for (let i = 0; i < used; i++) out[i] = bounds[i] as number;
    return this.ranges;
  }

  pairs(): [number, number][] {
    return Array.from({ length: this.ranges }, (_, i) => [this.start(i), this.end(i)]);
  }

  /** Its numbers, ascending. */
  *[Symbol.iterator](): Generator<number> {
    for (let i = 0; i < this.ranges; i++) for (let value = this.start(i); value < this.end(i); value++) yield value;
  }

  /** Index of the last range that starts at or before the value; -1 if none does. */
  private rangeBefore(value: number): number {
    let low = 0;
    let high = this.ranges;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.bounds[2 * middle] as number) <= value) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  private reserve(): void {
    if (this.used + 2 <= this.bounds.length) return;
    const wider = new Uint32Array(2 * this.bounds.length);
    wider.set(this.bounds);
    this.bounds = wider;
  }
}
