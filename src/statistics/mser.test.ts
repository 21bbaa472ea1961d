import fc from "fast-check";
import { expect, test } from "vitest";
import { stream } from "../core/rng.js";
import { mserCut } from "./mser.js";
import { MserSeries } from "./mser-series.js";

/** By the definition: Σ(value - mean)² / n² of the n values after each cut that leaves at least five. */
function reference(values: readonly number[]): readonly number[] {
  return values.slice(0, Math.max(0, values.length - 4)).map((_, cut) => {
    const left = values.slice(cut);
    const mean = left.reduce((sum, value) => sum + value, 0) / left.length;
    return left.reduce((sum, value) => sum + (value - mean) ** 2, 0) / left.length ** 2;
  });
}

test("the least by the definition; nothing if all of the first half are more", () => {
  const values = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 60 });
  const found = { cut: 0, none: 0 };
  fc.assert(
    fc.property(values, fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 200 }), (noise, warm, height) => {
      const all = noise.map((value, i) => value + (i < warm ? height : 0));
      const errors = reference(all);
      const least = Math.min(...errors);
      const cut = mserCut(all);
      if (cut === undefined) {
        found.none++;
        expect(Math.min(...errors.slice(0, Math.floor(all.length / 2) + 1))).toBeGreaterThanOrEqual(least);
      } else {
        if (cut > 0) found.cut++;
        expect(cut).toBeLessThanOrEqual(all.length / 2);
        expect(errors[cut]).toBeLessThanOrEqual(least * (1 + 1e-9) + 1e-9);
      }
    }),
    { numRuns: 500, seed: 41 },
  );
  expect(found.cut).toBeGreaterThan(50);
  expect(found.none).toBeLessThan(400);
});

test("a step is cut off where it ends; a series that only grows has no end of its warm-up", () => {
  const rng = stream(1, "noise");
  const step = Array.from({ length: 200 }, (_, i) => (i < 37 ? 20 : 0) + rng());
  expect(mserCut(step)).toBe(37);
  expect(mserCut(Array.from({ length: 200 }, (_, i) => i))).toBeUndefined();
  expect(mserCut([1, 2, 3, 4])).toBeUndefined();
  expect(mserCut(Array.from({ length: 50 }, () => 3))).toBe(0);
});

test("of means of five values, of ten where there are many; the time of the first value that stays", () => {
  const rng = stream(2, "noise");
  for (const [values, warm, coarse] of [
    [1000, 203, 5],
    [250_000, 1203, 10],
  ] as const) {
    const series = new MserSeries();
    const all = Array.from({ length: values }, (_, i) => (i < warm ? 50 : 0) + rng());
    all.forEach((value, i) => series.add(i / 8, value));
    expect(series.values).toBe(values);
    const means = Array.from({ length: values / coarse }, (_, b) =>
      all.slice(b * coarse, (b + 1) * coarse).reduce((sum, value) => sum + value / coarse, 0),
    );
    const cut = mserCut(means) as number;
    expect(cut - Math.ceil(warm / coarse)).toBeLessThan(20);
    expect(cut).toBeGreaterThanOrEqual(Math.ceil(warm / coarse));
    expect(series.warmupEnd()).toBe((cut * coarse) / 8);
  }
});
