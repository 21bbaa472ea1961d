import { expect, test } from "vitest";
import { stream } from "../core/rng.js";
import { mixture, type Component } from "./distribution.js";
import { siblings } from "./siblings.js";

const N = 20_000; // questions
const MIXTURE: readonly Component[] = [
  { kind: "lognormal", weight: 0.38, mu: 6.71, sigma: 0.406 },
  { kind: "lognormal", weight: 0.62, mu: 8.21, sigma: 0.864 },
];

/** Largest distance of two empirical distribution functions. */
function distance(a: number[], b: number[]): number {
  const sorted = (values: number[]): number[] => values.toSorted((x, y) => x - y);
  const [left, right] = [sorted(a), sorted(b)];
  let i = 0;
  let largest = 0;
  left.forEach((value, rank) => {
    while (i < right.length && (right[i] as number) <= value) i++;
    largest = Math.max(largest, Math.abs((rank + 1) / left.length - i / right.length));
  });
  return largest;
}

const deviation = (values: readonly number[]): number => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
};

test.each<readonly Component[]>([
  MIXTURE,
  [{ kind: "gamma", weight: 1, shape: 1.43, scale: 3929 }],
  [{ kind: "exponential", weight: 1, mean: 211 }],
  [{ kind: "weibull", weight: 1, shape: 0.804, scale: 344 }],
  [{ kind: "pareto", weight: 1, minimum: 100, alpha: 2.1 }],
  [
    { kind: "beta", weight: 0.217, alpha: 16.8, beta: 27.1 },
    { kind: "beta", weight: 0.783, alpha: 4.47, beta: 1.18 },
  ],
])("each sample by itself follows the mixture, and two of one question are alike: %j, seed 17", (...components) => {
  const draw = siblings(components);
  const whole = mixture(components);
  const [rng, other] = [stream(17, "siblings"), stream(17, "mixture")];
  const pairs = Array.from({ length: N }, () => draw(rng, 2) as readonly [number, number]);
  const independent = Array.from({ length: N }, () => whole(other));
  const limit = 1.95 * Math.sqrt(2 / N); // the distance exceeds this once in a thousand times
  expect(
    distance(
      pairs.map(([first]) => first),
      independent,
    ),
  ).toBeLessThan(limit);
  expect(
    distance(
      pairs.map(([, second]) => second),
      independent,
    ),
  ).toBeLessThan(limit);
  // Ranks agree: both above or both below the median nearly always, where independent draws would do so half the time.
  const median = independent.toSorted((a, b) => a - b)[N / 2] as number;
  const agree = pairs.filter(([a, b]) => a < median === b < median).length / N;
  expect(agree).toBeGreaterThan(0.75);
});

test("within a question and between, as measured: 0.27 and 0.99 of the log, 93 % of variance; seed 18", () => {
  const draw = siblings(MIXTURE);
  const rng = stream(18, "siblings");
  const groups = Array.from({ length: 4000 }, () => draw(rng, 8).map(Math.log));
  const within = Math.sqrt(groups.reduce((sum, logs) => sum + (8 / 7) * deviation(logs) ** 2, 0) / groups.length);
  expect(Math.abs(within - 0.27)).toBeLessThan(0.01);
  const all = deviation(groups.flat());
  expect(1 - (within / all) ** 2).toBeGreaterThan(0.91);
  expect(1 - (within / all) ** 2).toBeLessThan(0.95);
});
