import { expect, test } from "vitest";
import { stream } from "../core/rng.js";
import { Batches, MEAN, quantileStatistic } from "./batches.js";
import { looksIndependent } from "./independence.js";
import { meanInterval } from "./interval.js";
import { studentT } from "./student-t.js";

function exponentials(n: number, seed: number): number[] {
  const rng = stream(seed, "values");
  return Array.from({ length: n }, () => -Math.log(1 - rng()));
}

/** Each value is `share` of the one before and the rest new. */
function correlated(n: number, seed: number, share: number): number[] {
  let last = 1;
  return exponentials(n, seed).map((value) => (last = share * last + (1 - share) * value));
}

function batched(values: readonly number[]): Batches {
  const batches = new Batches();
  for (const value of values) batches.add(value);
  return batches;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const quantile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.ceil(share * values.length) - 1] as number;

/** Batches of the size that leaves 20 to 39 of them, by hand. */
function parts(values: readonly number[], of: (part: readonly number[]) => number): number[] {
  let size = 1;
  while (Math.floor(values.length / size) >= 40) size *= 2;
  return Array.from({ length: Math.floor(values.length / size) }, (_, b) => of(values.slice(b * size, (b + 1) * size)));
}

test.each([640, 1000, 5000, 12_345])(
  "%s independent values: the interval of 20 to 39 batches by the definition",
  (n) => {
    const values = exponentials(n, n);
    const whole = mean(values);
    const means = parts(values, mean);
    expect(looksIndependent(means)).toBe(true); // of this seed
    const spread = Math.sqrt(means.reduce((sum, part) => sum + (part - whole) ** 2, 0) / (means.length - 1));
    const found = batched(values).interval(MEAN, whole, 0.9);
    expect(found).toMatchObject({ batches: means.length });
    expect(found.half).toBeCloseTo((studentT(0.9, means.length - 1) * spread) / Math.sqrt(means.length), 9);
  },
);

test("a quantile's interval is that of batch quantiles, within the error of the sketch", () => {
  const values = exponentials(20_000, 3);
  const whole = quantile(values, 0.9);
  const quantiles = parts(values, (part) => quantile(part, 0.9));
  const found = batched(values).interval(quantileStatistic(0.9), whole, 0.95);
  const spread = Math.sqrt(mean(quantiles.map((part) => (part - whole) ** 2)) / (quantiles.length - 1));
  expect((found.half as number) / (studentT(0.95, quantiles.length - 1) * spread)).toBeCloseTo(1, 1);
});

test("too few values for a batch: none for rare quantiles first, then for the mean", () => {
  const has = (n: number, statistic = MEAN): boolean =>
    batched(exponentials(n, 5)).interval(statistic, 1, 0.9).half !== undefined;
  expect([99, 320].map((n) => has(n))).toEqual([false, true]);
  expect([500, 3000].map((n) => has(n, quantileStatistic(0.99)))).toEqual([false, true]);
  expect(batched(exponentials(39, 5)).interval(MEAN, 1, 0.9)).toEqual({ half: undefined, why: "few" });
});

test("values that depend on their neighbours get larger batches, or no interval", () => {
  const kinds = { fine: 0, coarse: 0, none: 0 };
  for (let seed = 0; seed < 60; seed++) {
    const found = batched(correlated(2000, seed, 0.96)).interval(MEAN, 1, 0.9);
    if (found.half === undefined) expect(found.why).toBe("correlated");
    kinds[found.half === undefined ? "none" : found.batches >= 20 ? "fine" : "coarse"]++;
  }
  expect(kinds.coarse).toBeGreaterThan(5);
  const hopeless = Array.from({ length: 40 }, (_, seed) => batched(correlated(400, seed, 0.98)).interval(MEAN, 1, 0.9));
  expect(hopeless.filter(({ half }) => half === undefined).length).toBeGreaterThan(20);
});

test("with weights, means are ratios of sums", () => {
  const batches = new Batches();
  const values = exponentials(4000, 8);
  const weights = exponentials(4000, 9).map((value) => Math.ceil(10 * value));
  values.forEach((value, i) => batches.add(value, weights[i]));
  const whole = mean(values.map((value, i) => value * (weights[i] as number))) / mean(weights);
  const pairs = values.map((value, i) => [value, weights[i] as number] as const);
  const ratios = parts(
    pairs.map((_, i) => i),
    (part) => {
      const sums = part.reduce<[number, number]>(
        ([a, b], i) => [a + pairs[i]![0] * pairs[i]![1], b + pairs[i]![1]],
        [0, 0],
      );
      return sums[0] / sums[1];
    },
  );
  const spread = Math.sqrt(mean(ratios.map((ratio) => (ratio - whole) ** 2)) / (ratios.length - 1));
  expect(batches.interval(MEAN, whole, 0.9).half).toBeCloseTo(studentT(0.9, ratios.length - 1) * spread, 9);
});

test("the von Neumann ratio refuses a tenth of independent series, nearly all correlated ones, no alternating one", () => {
  const refused = (make: (seed: number) => readonly number[]): number =>
    Array.from({ length: 1000 }, (_, seed) => make(seed)).filter((values) => !looksIndependent(values)).length;
  expect(refused((seed) => exponentials(30, seed))).toBeGreaterThan(70);
  expect(refused((seed) => exponentials(30, seed))).toBeLessThan(130);
  expect(refused((seed) => correlated(30, seed, 0.8))).toBeGreaterThan(900);
  expect(looksIndependent([1, -1, 1, -1, 1, -1, 1, -1])).toBe(true);
  expect(looksIndependent([2, 2, 2, 2])).toBe(true);
});

test("a t interval of ten values, by hand", () => {
  const { mean: centre, half } = meanInterval([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.95);
  expect(centre).toBe(5.5);
  expect(half).toBeCloseTo(2.262157163 * Math.sqrt(55 / 6 / 10), 8); // the sample variance is 55/6
});
