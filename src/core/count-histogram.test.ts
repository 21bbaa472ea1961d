import fc from "fast-check";
import { expect, test } from "vitest";
import { CountHistogram } from "./count-histogram.js";

const numbers = fc.array(fc.nat({ max: 20 }), { minLength: 1, maxLength: 40 });

test("mean and quantiles are those of the sorted list, also of two histograms together", () => {
  fc.assert(
    fc.property(numbers, numbers, fc.double({ min: 0, max: 1, noNaN: true }), (some, more, share) => {
      const histogram = new CountHistogram(20);
      for (const value of some) histogram.add(value);
      const other = new CountHistogram(20);
      for (const value of more) other.add(value);
      histogram.addAll(other);
      const sorted = [...some, ...more].sort((a, b) => a - b);
      expect(histogram.count).toBe(sorted.length);
      expect(histogram.mean()).toBeCloseTo(sorted.reduce((sum, value) => sum + value, 0) / sorted.length, 12);
      expect(histogram.quantile(share)).toBe(sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]);
      expect(histogram.times(7)).toBe(sorted.filter((value) => value === 7).length);
    }),
  );
});

test("of nothing there is no mean", () => {
  expect(new CountHistogram(3).mean()).toBeNaN();
  expect(new CountHistogram(3).quantile(0.5)).toBeNaN();
});
