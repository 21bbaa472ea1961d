import { expect, test } from "vitest";
import { stream } from "../core/rng.js";
import { linearCost, request, toyScenario, type ToyOptions } from "../test/toy.js";
import { saturation } from "./saturation.js";
import { serve } from "./serve.js";

/** One sequence at a time, one second a request: the capacity is 1 request/s. */
function load(rate: number, n: number, options: Partial<ToyOptions> = {}): ReturnType<typeof saturation> {
  const gaps = stream(3, "gaps");
  let arrival = 0;
  const requests = Array.from({ length: n }, (_, id) => request(id, (arrival -= Math.log(1 - gaps()) / rate), 10, 1));
  return saturation(serve(toyScenario({ requests, cost: linearCost(1, 0, 0), maxSequences: 1, ...options })));
}

test.each([0.2, 0.5, 0.8])("a load of %s of the capacity is sustainable", (rate) => {
  expect(load(rate, 4000)).toEqual({ saturated: false, message: "the queue does not grow" });
});

test.each([1.2, 2, 20])("a load of %s times the capacity is said loudly, with what can be served", (rate) => {
  const { saturated, message } = load(rate, 4000);
  expect(saturated).toBe(true);
  expect(message).toMatch(
    /^SATURATED: [\d.]+ requests\/s arrive, about 1\.00 can be served; the queue grew from \d+ to \d+/,
  );
  const [, arrive, from, to] = /SATURATED: ([\d.]+) .* from (\d+) to (\d+)/.exec(message) ?? [];
  expect(Number(arrive) / rate).toBeCloseTo(1, 1);
  // Of those that arrive over the second half, the share that cannot be served stays.
  expect((Number(to) - Number(from)) / (2000 * (1 - 1 / rate))).toBeCloseTo(1, 0);
});

test("replicas add capacity", () => {
  expect(load(2, 4000).saturated).toBe(true);
  expect(load(2, 4000, { replicas: 3 }).saturated).toBe(false);
});

test("clients that wait for their answers cannot saturate a server", () => {
  expect(load(20, 2000, { maxConcurrency: 4 }).saturated).toBe(false);
});

test("a burst at one time and a handful of requests say nothing about a steady state", () => {
  const burst = Array.from({ length: 100 }, (_, id) => request(id, 0, 10, 1));
  expect(saturation(serve(toyScenario({ requests: burst, maxSequences: 1 }))).saturated).toBe(false);
  expect(load(20, 19).message).toContain("too few requests");
});
