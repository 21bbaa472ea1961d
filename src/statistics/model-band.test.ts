import { expect, test } from "vitest";
import { stream } from "../core/rng.js";
import { modelBand } from "./model-band.js";

test("between the second smallest and largest of 39 errors lies one more with probability 0.9, of 19 between the ends", () => {
  const errors = Array.from({ length: 39 }, (_, i) => (i - 19) / 64);
  expect(modelBand(100, errors, 0.9)).toEqual({
    interval: [100 / (1 + 18 / 64), 100 / (1 - 18 / 64)],
    cases: 39,
    coverage: 0.9,
  });
  expect(modelBand(100, errors.slice(0, 19), 0.9)).toEqual({
    interval: [100 / (1 - 1 / 64), 100 / (1 - 19 / 64)],
    cases: 19,
    coverage: 0.9,
  });
});

test("with few errors all of them and what that is worth; with very few nothing", () => {
  expect(modelBand(10, [0.25, -0.2, 0, 0.1, -0.1], 0.95)).toEqual({ interval: [8, 12.5], cases: 5, coverage: 2 / 3 });
  expect(modelBand(10, [0.25, -0.2, 0, 0.1], 0.95)).toBeUndefined();
});

test("of 4,000 further measurements as many lie within as it says", () => {
  const rng = stream(3, "errors");
  let within = 0;
  let coverage = 0;
  for (let trial = 0; trial < 4000; trial++) {
    const errors = Array.from({ length: 30 }, () => 0.4 * rng() - 0.1);
    const band = modelBand(50, errors, 0.8);
    coverage = band?.coverage ?? NaN;
    const measured = 50 / (1 + 0.4 * rng() - 0.1);
    const [from, to] = band?.interval ?? [NaN, NaN];
    if (from <= measured && measured <= to) within++;
  }
  expect(coverage).toBeGreaterThanOrEqual(0.8);
  expect(Math.abs(within / 4000 - coverage)).toBeLessThan(0.03);
});
