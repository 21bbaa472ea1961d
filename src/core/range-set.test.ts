import fc from "fast-check";
import { expect, test } from "vitest";
import { RangeSet } from "./range-set.js";

test("agrees with a plain Set under random pushes and removals", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(2), fc.nat(6), fc.nat(40), fc.nat(8))), (steps) => {
      const ranges = new RangeSet();
      const plain = new Set<number>();
      let next = 0;
      for (const [gap, length, from, span] of steps) {
        ranges.push(next + gap, next + gap + length);
        for (let i = 0; i < length; i++) plain.add(next + gap + i);
        next += gap + length;
        let end = from;
        while (end < from + span && plain.has(end)) plain.delete(end++);
        ranges.remove(from, end);
        expect([...ranges]).toEqual([...plain].toSorted((a, b) => a - b));
        expect(ranges.size).toBe(plain.size);
        const pairs = ranges.pairs();
        pairs.forEach(([start], i) => i > 0 && expect(start).toBeGreaterThan(pairs[i - 1]?.[1] as number));
        expect(ranges.has(from)).toBe(plain.has(from));
        const within = [...plain].filter((value) => value >= from && value < from + span).length;
        expect(ranges.countOf(Uint32Array.from({ length: span }, (_, i) => from + i))).toBe(within);
        const copy = RangeSet.of([3, 9]);
        copy.copy(ranges);
        expect([...copy]).toEqual([...ranges]);
        expect(ranges.countWithin(from, from + span)).toBe(within);
      }
    }),
  );
});

test("includes another set only if it holds all of it", () => {
  const set = RangeSet.of([0, 4], [10, 20]);
  expect(set.includes(RangeSet.of([1, 3], [10, 11], [19, 20]))).toBe(true);
  expect(set.includes(RangeSet.of([3, 5]))).toBe(false);
  expect(set.includes(RangeSet.of([20, 21]))).toBe(false);
  expect(set.includes(new RangeSet())).toBe(true);
});

test("counts what was pushed: the same again after mere removals, more after anything that could bring a number back", () => {
  const set = RangeSet.of([0, 8]);
  set.remove(2, 4);
  set.remove(7);
  expect(set.everPushed).toBe(8);
  set.clear();
  set.push(2, 5);
  expect(set.everPushed).toBe(11);
});

test("refuses what would break its order", () => {
  const set = RangeSet.of([4, 8]);
  expect(() => set.push(6, 9)).toThrow("range from 6 pushed after 8");
  expect(() => set.remove(7, 9)).toThrow("not held");
});
