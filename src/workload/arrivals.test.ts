import { describe, expect, test } from "vitest";
import { stream } from "../core/rng.js";
import { constant, gamma, gammaFunction, hourlyClock, poisson, weibull } from "./arrivals.js";
import type { ArrivalProcess } from "./workload.js";

const N = 100_000;

function moments(process: ArrivalProcess): { mean: number; cv: number } {
  const rng = stream(3, "test");
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < N; i++) {
    const gap = process.gap(rng);
    sum += gap;
    squares += gap * gap;
  }
  const mean = sum / N;
  return { mean, cv: Math.sqrt(squares / N - mean * mean) / mean };
}

function weibullCv(shape: number): number {
  return Math.sqrt(gammaFunction(1 + 2 / shape) / gammaFunction(1 + 1 / shape) ** 2 - 1);
}

describe("gaps have mean 1 / rate and the CV of their family", () => {
  test.each<[string, ArrivalProcess, number, number]>([
    ["poisson", poisson(4), 0.25, 1],
    ["gamma, burstier than Poisson", gamma(4, 0.25), 0.25, 2],
    ["gamma, production", gamma(16.01, 0.69), 1 / 16.01, 1 / Math.sqrt(0.69)],
    ["gamma, shape 1", gamma(0.1), 10, 1],
    ["gamma, regular", gamma(2, 16), 0.5, 0.25],
    ["weibull, bursty", weibull(5, 0.5), 0.2, Math.sqrt(5)],
    ["weibull, Azure", weibull(5.53, 0.922), 1 / 5.53, weibullCv(0.922)],
  ])("%s", (_, process, mean, cv) => {
    const found = moments(process);
    const error = (5 * cv) / Math.sqrt(N); // five standard errors
    expect(Math.abs(found.mean / mean - 1)).toBeLessThan(error);
    expect(Math.abs(found.cv / cv - 1)).toBeLessThan(0.03);
  });

  test("constant", () => {
    expect(constant(8).gap(() => 0.3)).toBe(0.125);
  });

  test("rate Infinity sends everything at once", () => {
    for (const make of [poisson, gamma, weibull, constant]) expect(make(Infinity).gap(() => 0.5)).toBe(0);
  });

  test("one process serves two streams without mixing them", () => {
    const process = gamma(1, 0.5);
    const [a, b] = [stream(1, "a"), stream(2, "b")];
    const mixed = Array.from({ length: 9 }, () => [process.gap(a), process.gap(b)][0]);
    const again = stream(1, "a");
    expect(Array.from({ length: 9 }, () => process.gap(again))).toEqual(mixed);
  });
});

test.each([0, -1, NaN])("rate %d is refused", (rate) => {
  expect(() => poisson(rate)).toThrow(/request-rate: .* is not allowed/);
});

test.each([0, -1, NaN, Infinity])("shape %d is refused", (shape) => {
  expect(() => gamma(1, shape)).toThrow(/burstiness: .* is not allowed/);
});

test("gamma function", () => {
  for (const [x, y] of [
    [1, 1],
    [0.5, Math.sqrt(Math.PI)],
    [5, 24],
    [1.5, Math.sqrt(Math.PI) / 2],
    [11, 3628800],
  ] as const) {
    expect(Math.abs(gammaFunction(x) / y - 1)).toBeLessThan(1e-13);
  }
});

describe("hourly clock", () => {
  test("a flat curve changes nothing", () => {
    const clock = hourlyClock(Array<number>(24).fill(7));
    for (const t of [0, 1, 3599.5, 3600, 100_000]) expect(clock(t)).toBeCloseTo(t, 6);
  });

  test("time passes by the factor of the hour; the day repeats", () => {
    const clock = hourlyClock([3, 1]); // 1.5 and 0.5 of the mean
    expect(clock(2700)).toBe(1800);
    expect(clock(5400)).toBe(3600);
    expect(clock(6300)).toBe(5400);
    expect(clock(7200)).toBe(7200);
    expect(clock(7200 + 2700)).toBe(9000);
  });

  test("it begins at the hour that is asked for, within one too", () => {
    const clock = hourlyClock([3, 1], 0.5); // half an hour at 1.5, then an hour at 0.5
    expect(clock(1350)).toBe(900);
    expect(clock(2700)).toBe(1800);
    expect(clock(3600)).toBe(3600);
    expect(clock(4500)).toBe(5400);
    const late = hourlyClock([3, 1], 1);
    expect([late(900), late(1800), late(4500)]).toEqual([1800, 3600, 5400]);
  });

  test("nothing arrives in an hour of 0", () => {
    const clock = hourlyClock([1, 0]);
    expect(clock(7199)).toBeLessThan(3600);
    expect(clock(7200)).toBe(7200);
  });

  test("bad curves", () => {
    for (const factors of [[], [0, 0], [1, -1], [NaN]]) expect(() => hourlyClock(factors)).toThrow(/rate-curve/);
  });
});
