import { expect, test } from "vitest";
import { resolveProfile } from "../cli/resolve.js";
import { stream } from "../core/rng.js";
import type { MeasuredCase } from "./case.js";
import { CASES } from "./cases.js";
import { crossValidate, linearised, simulator, type Simulate } from "./cross-validate.js";
import { fitFactors } from "./fit-factors.js";
import { HOST_TERMS } from "./terms.js";

const TERMS = HOST_TERMS.slice(0, 2);

/** Experiments of three runs each whose time is a·first + b·second term + rest, with true factors 1.5 and 0.5. */
function made(experiments: number, seed: number): { cases: MeasuredCase[]; simulate: Simulate } {
  const rng = stream(seed, "made");
  const parts = new Map<string, readonly [number, number, number]>();
  const time = ([a, b, rest]: readonly [number, number, number], [x, y]: readonly number[]): number =>
    a * (x as number) + b * (y as number) + rest;
  const cases = Array.from({ length: 3 * experiments }, (_, i): MeasuredCase => {
    const name = `run ${i}`;
    const part = [1 + 5 * rng(), 1 + 5 * rng(), 10 * rng()] as const;
    parts.set(name, part);
    const measured = { mean_tpot_ms: time(part, [1.5, 0.5]) };
    return { ...(CASES[0] as MeasuredCase), name, experiment: `e${i % experiments}`, measured };
  });
  const simulate: Simulate = ({ name }, factors) => ({
    mean_tpot_ms: time(parts.get(name) as [number, number, number], factors),
  });
  return { cases, simulate };
}

test.each([1, 2, 3])("finds the factors that made the figures, seed %i", (seed) => {
  const { cases, simulate } = made(4, seed);
  const found = crossValidate(cases, TERMS, simulate);
  expect(found.factors[0]).toBeCloseTo(1.5, 1);
  expect(found.factors[1]).toBeCloseTo(0.5, 1);
  expect(found.unfitted).toBeGreaterThan(0.05);
  expect(found.fitted).toBeLessThan(0.01);
  expect(found.leftOut).toBeLessThan(0.01);
  expect(found.experiments.map(({ experiment }) => experiment)).toEqual(["e0", "e1", "e2", "e3"]);
});

test("an experiment that nothing explains shows when it is left out, and does not bend the others", () => {
  const { cases, simulate } = made(4, 4);
  const strange = cases.map((each) =>
    each.experiment === "e3" ? { ...each, measured: { mean_tpot_ms: 3 * each.measured["mean_tpot_ms"]! } } : each,
  );
  const { experiments, leftOut, fitted } = crossValidate(strange, TERMS, simulate);
  expect(experiments[3]?.leftOut).toBeGreaterThan(0.6);
  expect(experiments.slice(0, 3).every((each) => each.leftOut < 0.05)).toBe(true);
  expect(leftOut).toBeGreaterThanOrEqual(fitted - 1e-3);
});

test("a factor stays at 1 where no figure depends on it, and between its bounds", () => {
  const figure = (measured: number, slope: number) => ({
    measured,
    weight: 1,
    predicted: ([x]: readonly number[]): number => 10 + slope * (x as number),
  });
  expect(fitFactors(linearised([figure(5, 0), figure(80, 0)], [1]), [1])).toEqual([1]);
  expect(fitFactors(linearised([figure(5, 3)], [1]), [1])).toEqual([0]);
  expect(fitFactors(linearised([figure(1000, 10)], [1]), [1])).toEqual([20]);
});

test("one experiment cannot be left out", () => {
  const { cases, simulate } = made(1, 5);
  expect(() => crossValidate(cases, TERMS, simulate)).toThrow(/at least two/);
});

test("the simulator: a slower front end delays first tokens by as much and nothing else", () => {
  const [measuredCase] = CASES as [MeasuredCase];
  const simulate = simulator(HOST_TERMS, resolveProfile);
  const [as, slow] = [simulate(measuredCase, [1, 1, 1]), simulate(measuredCase, [1, 1, 3])];
  expect(slow["mean_ttft_ms"]! - as["mean_ttft_ms"]!).toBeGreaterThan(5);
  expect(slow["mean_tpot_ms"]! / as["mean_tpot_ms"]!).toBeCloseTo(1, 2);
  expect(simulate(measuredCase, [1, 1, 1])).toBe(as);
});
