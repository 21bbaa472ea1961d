import { describe, expect, test } from "vitest";
import { stream } from "../core/rng.js";
import { gammaFunction } from "./arrivals.js";
import { parseCount, parseSeconds, type NamedDraw } from "./seconds.js";

const N = 50_000;

function mean({ draw }: NamedDraw): number {
  const rng = stream(11, "test");
  let sum = 0;
  for (let i = 0; i < N; i++) sum += draw(rng);
  return sum / N;
}

test.each<[string | number, number]>([
  [0, 0],
  ["2.5", 2.5],
  ["exponential:30", 30],
  ["lognormal:1,0.5", Math.exp(1.125)],
  ["lognormal:-1,0.5", Math.exp(-0.875)],
  ["gamma:4,0.5", 2],
  ["weibull:2,3", 3 * gammaFunction(1.5)],
  ["pareto:1,4", 4 / 3],
])("mean of %s, seed 11", (text, expected) => {
  expect(Math.abs(mean(parseSeconds(text, "think-time")) - expected)).toBeLessThanOrEqual(0.02 * expected);
});

test.each<[string | number, 0 | 1, number, number]>([
  [3, 1, 3, 3],
  [0, 0, 0, 0],
  ["geometric:4", 1, 4, 1],
  ["geometric:2.5", 0, 2.5, 0],
])("mean and least of %s, seed 11", (text, least, expected, smallest) => {
  const count = parseCount(text, least, "turns");
  expect(Math.abs(mean(count) - expected)).toBeLessThanOrEqual(0.03 * expected);
  const rng = stream(12, "test");
  const drawn = Array.from({ length: 1000 }, () => count.draw(rng));
  expect(Math.min(...drawn)).toBe(smallest);
  expect(drawn.every(Number.isSafeInteger)).toBe(true);
});

describe("refused", () => {
  test.each([
    "",
    "-1",
    "x",
    "1e7",
    "exponential",
    "exponential:",
    "exponential:0",
    "gamma:1",
    "gamma:1,2,3",
    "zeta:2",
    "gamma:1,NaN",
  ])("%j as seconds", (text) =>
    expect(() => parseSeconds(text, "think-time")).toThrow(/^think-time: ".*" is not allowed; expected seconds/),
  );
  test.each(["", "0", "1.5", "geometric:1", "geometric:", "geometric:x", "poisson:3"])("%j as turns", (text) =>
    expect(() => parseCount(text, 1, "turns")).toThrow(/^turns: ".*" is not allowed; expected a whole number from 1/),
  );
});
