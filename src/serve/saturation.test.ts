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
  const scenario = toyScenario({ requests, cost: linearCost(1, 0, 0), maxSequences: 1, ...options });
  return saturation(scenario, serve(scenario));
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
  const scenario = toyScenario({ requests: burst, maxSequences: 1 });
  expect(saturation(scenario, serve(scenario)).saturated).toBe(false);
  expect(load(20, 19).message).toContain("too few requests");
});

test("a slow start is not taken for saturation: its queue stands once the start is over", () => {
  // 100 requests at once, then half of what can be served: the queue falls. Exactly the capacity: it stands.
  const start = Array.from({ length: 200 }, (_, id) => request(id, 1 + id / 100, 10, 1));
  const after = Array.from({ length: 2000 }, (_, i) => request(200 + i, 4 + i, 10, 1));
  const scenario = toyScenario({ requests: [request(0, 0, 10, 1), ...start, ...after], maxSequences: 1 });
  const { saturated, message } = saturation(scenario, serve(scenario));
  expect(saturated).toBe(false);
  expect(message).toMatch(/^a slow start or a burst: the queue grew from 0 to \d+ up to the middle/);
  const warm = { ...scenario, warmupSeconds: 20 };
  expect(saturation(warm, serve(warm)).message).toBe("the queue does not grow");
});

test("a queue that grows in the third quarter and stands in the last is a slow start; one that goes on is not", () => {
  const slow = Array.from({ length: 1000 }, (_, i) => request(i, 2 * i, 10, 1)); // half the capacity
  const fast = Array.from({ length: 1000 }, (_, i) => request(1000 + i, 2000 + i / 2, 10, 1)); // twice
  const level = Array.from({ length: 2000 }, (_, i) => request(2000 + i, 2500 + i, 10, 1)); // all of it
  const settled = toyScenario({ requests: [...slow, ...fast, ...level], maxSequences: 1 });
  expect(saturation(settled, serve(settled))).toMatchObject({
    saturated: false,
    message: expect.stringMatching(/up to the third quarter of the arrivals/) as string,
  });
  const growing = toyScenario({ requests: [...slow, ...fast], maxSequences: 1 });
  expect(saturation(growing, serve(growing)).saturated).toBe(true);
});
