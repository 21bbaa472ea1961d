import fc from "fast-check";
import { expect, test } from "vitest";
import { TopK } from "./top-k.js";

const score = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double(), fc.constantFrom(NaN, -Infinity, Infinity, -0));
const rows = fc.array(fc.array(score, { minLength: 1, maxLength: 80 }), { minLength: 1, maxLength: 6 });

/** From the definition: sort by score, then by index. */
function naive(scores: readonly number[], from: number, to: number, k: number): number[] {
  return scores
    .map((value, index) => ({ value, index }))
    .slice(from, to)
    .filter(({ value }) => !Number.isNaN(value))
    .sort((a, b) => (a.value === b.value ? a.index - b.index : a.value < b.value ? 1 : -1))
    .slice(0, Math.max(0, k))
    .map(({ index }) => index)
    .sort((a, b) => a - b);
}

test("the k best of any scores, whatever was asked for before", () => {
  fc.assert(
    fc.property(rows, fc.nat(20), fc.nat(10), fc.nat(90), (all, most, from, k) => {
      const best = new TopK(most);
      for (const scores of all) {
        const expected = naive(scores, from, scores.length, Math.min(k, most));
        expect([...best.of(scores, from, scores.length, k)]).toEqual(expected);
        expect([...best.of(Float64Array.from(scores), from, scores.length, k)]).toEqual(expected);
      }
    }),
    { numRuns: 500 },
  );
});
