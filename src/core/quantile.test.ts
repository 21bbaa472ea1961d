import { expect, test } from "vitest";
import fc from "fast-check";
import { SeriesSample } from "./quantile.js";

const series = fc.record({
  now: fc.integer({ min: 0, max: 50 }),
  perStep: fc.integer({ min: 0, max: 5 }),
  steps: fc.integer({ min: 1, max: 20 }),
  weight: fc.integer({ min: 1, max: 4 }),
});

test("quantiles over series equal quantiles over the values they stand for", () => {
  fc.assert(
    fc.property(fc.array(series, { minLength: 1, maxLength: 12 }), fc.integer({ min: 1, max: 100 }), (all, percent) => {
      const sample = new SeriesSample();
      const values: number[] = [];
      for (const s of all) {
        sample.add(s.now, s.perStep, s.steps, s.weight);
        for (let k = 0; k < s.steps; k++) for (let w = 0; w < s.weight; w++) values.push(s.now + k * s.perStep);
      }
      values.sort((a, b) => a - b);
      const rank = Math.max(1, Math.ceil((percent / 100) * values.length));
      expect(sample.count).toBe(values.length);
      expect(sample.quantile(percent / 100)).toBe(values[rank - 1]);
      const shares = [0, percent / 200, percent / 100, 1];
      expect(sample.quantiles(shares)).toEqual(
        shares.map((share) => values[Math.max(1, Math.ceil(share * values.length)) - 1]),
      );
      const mean = values.reduce((a, b) => a + b, 0) / values.length;
      expect(sample.mean()).toBeCloseTo(mean, 9);
      const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
      expect(sample.standardDeviation()).toBeCloseTo(Math.sqrt(variance), 6);
    }),
    { numRuns: 300, seed: 11 },
  );
});
