import { expect, test } from "vitest";
import fc from "fast-check";
import { at, stepsToReach, total } from "./line.js";

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
