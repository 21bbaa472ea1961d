import { expect, test } from "vitest";
import fc from "fast-check";
import { QuantileSketch } from "./quantile-sketch.js";

const series = fc.record({
  now: fc.oneof(fc.constant(0), fc.double({ min: 1e-12, max: 1e6, noNaN: true }), fc.integer({ min: 1, max: 50 })),
  perStep: fc.oneof(fc.constant(0), fc.double({ min: 1e-7, max: 1e3, noNaN: true })),
  steps: fc.integer({ min: 1, max: 60 }),
  weight: fc.integer({ min: 1, max: 4 }),
});
const SHARES = [0, 0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 1];

test("quantiles lie within the stated error of those of the values, and a series counts as its values", () => {
  fc.assert(
    fc.property(
      fc.array(series, { minLength: 1, maxLength: 12 }),
      fc.constantFrom(0.001, 0.01, 0.1),
      (all, relativeError) => {
        const sketch = new QuantileSketch(relativeError);
        const single = new QuantileSketch(relativeError);
        const values: number[] = [];
        for (const { now, perStep, steps, weight } of all) {
          sketch.add(now, perStep, steps, weight);
          for (let k = 0; k < steps; k++) single.add(now + perStep * k, 0, 1, weight);
          for (let k = 0; k < steps * weight; k++) values.push(now + perStep * Math.floor(k / weight));
        }
        values.sort((a, b) => a - b);
        expect(sketch.count).toBe(values.length);
        expect(sketch.quantiles(SHARES)).toEqual(single.quantiles(SHARES));
        for (const share of SHARES) {
          const exact = values[Math.max(1, Math.ceil(share * values.length)) - 1] as number;
          expect(Math.abs(sketch.quantile(share) - exact)).toBeLessThanOrEqual(relativeError * exact * 1.000001 + 1e-9);
        }
        const mean = values.reduce((a, b) => a + b, 0) / values.length;
        const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
        const largest = values.at(-1) as number;
        expect(Math.abs(sketch.mean() - mean)).toBeLessThanOrEqual(1e-9 * largest);
        expect(Math.abs(sketch.standardDeviation() - Math.sqrt(variance))).toBeLessThanOrEqual(1e-6 * largest);
      },
    ),
    { numRuns: 300, seed: 12 },
  );
});

test("smallest and largest value are exact; without values there is no quantile", () => {
  const sketch = new QuantileSketch();
  expect(sketch.quantile(0.5)).toBeNaN();
  expect(sketch.mean()).toBeNaN();
  expect(sketch.standardDeviation()).toBeNaN();
  for (const value of [3, 0.125, 700]) sketch.add(value, 0, 1, 1);
  expect(sketch.quantiles([0, 1])).toEqual([0.125, 700]);
});

test("sketches that are added up hold what one of all values holds", () => {
  fc.assert(
    fc.property(fc.array(fc.array(series, { maxLength: 5 }), { minLength: 1, maxLength: 5 }), (groups) => {
      const whole = new QuantileSketch();
      const sum = new QuantileSketch();
      for (const group of groups) {
        const part = new QuantileSketch();
        for (const { now, perStep, steps, weight } of group) {
          whole.add(now, perStep, steps, weight);
          part.add(now, perStep, steps, weight);
        }
        part.addTo(sum);
      }
      expect(sum.count).toBe(whole.count);
      expect(sum.quantiles(SHARES)).toEqual(whole.quantiles(SHARES));
      const largest = whole.quantile(1) || 1;
      if (whole.count === 0) return;
      expect(Math.abs(sum.mean() - whole.mean())).toBeLessThanOrEqual(1e-9 * largest);
      expect(Math.abs(sum.standardDeviation() - whole.standardDeviation())).toBeLessThanOrEqual(1e-6 * largest);
    }),
    { numRuns: 200, seed: 13 },
  );
});
