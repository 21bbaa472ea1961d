import { expect, test } from "vitest";
import fc from "fast-check";
import { at, lower, stepsToReach, total } from "./line.js";

test("total is the sum of the first n values", () => {
  // 3 + 5 + 7 + 9 = 24
  expect(total({ now: 3, perStep: 2 }, 4)).toBe(24);
});

test("stepsToReach finds the first step whose running sum reaches the amount", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1000 }),
      fc.integer({ min: 0, max: 50 }),
      fc.integer({ min: 0, max: 200_000 }),
      fc.integer({ min: 1, max: 400 }),
      (now, perStep, amount, limit) => {
        const line = { now, perStep };
        let n = 1;
        let sum = now;
        while (n < limit && sum < amount) sum += at(line, n++);
        expect(stepsToReach(line, amount, limit)).toBe(n);
      },
    ),
    { numRuns: 500, seed: 12 },
  );
});

test("lower is the smaller of two lines, for as long as it says and not a step longer", () => {
  const line = fc.record({ now: fc.integer({ min: 0, max: 60 }), perStep: fc.integer({ min: 0, max: 4 }) });
  fc.assert(
    fc.property(line, line, (a, b) => {
      const { line: low, steadyFor } = lower(a, b);
      const least = (k: number): number => Math.min(at(a, k), at(b, k));
      for (let k = 0; k < Math.min(steadyFor, 100); k++) expect(at(low, k)).toBe(least(k));
      expect(steadyFor).toBeGreaterThanOrEqual(1);
      if (steadyFor < Infinity) expect(at(low, steadyFor)).toBeGreaterThan(least(steadyFor));
    }),
    { numRuns: 500, seed: 13 },
  );
});
