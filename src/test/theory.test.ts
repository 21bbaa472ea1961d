import { expect, test } from "vitest";
import { stream } from "../core/rng.js";
import { serve, type ServeResult } from "../serve/serve.js";
import type { RequestSpec } from "../workload/workload.js";
import { linearCost, request, toyScenario } from "./toy.js";

/** Poisson arrivals at `rate`, one output token each: the time of the prefill step is the whole service. */
function poisson(rate: number, n: number, seed: number, prompt: (u: number) => number): RequestSpec[] {
  const gaps = stream(seed, "gaps");
  const lengths = stream(seed, "lengths");
  let arrival = 0;
  return Array.from({ length: n }, (_, id) => {
    arrival += -Math.log(1 - gaps()) / rate;
    return request(id, arrival, prompt(lengths()), 1);
  });
}

function waits(result: ServeResult): number[] {
  const { requests } = result;
  return Array.from(
    { length: requests.length },
    (_, id) => (requests.admitted[id] as number) - (requests.sent[id] as number),
  );
}

/** Mean and the half width of its 99 % interval by 20 batch means (Student t, 19 degrees of freedom: 2.861). */
function interval(values: readonly number[]): { mean: number; half: number } {
  const size = Math.floor(values.length / 20);
  const means = Array.from({ length: 20 }, (_, b) => {
    const batch = values.slice(b * size, (b + 1) * size);
    return batch.reduce((a, x) => a + x, 0) / size;
  });
  const mean = means.reduce((a, x) => a + x, 0) / 20;
  const variance = means.reduce((a, x) => a + (x - mean) ** 2, 0) / 19;
  return { mean, half: 2.861 * Math.sqrt(variance / 20) };
}

test.each([0.3, 0.6, 0.8])("M/D/1: mean wait is rho / (2 (1 - rho)) services, at load %s", (load) => {
  const scenario = toyScenario({
    requests: poisson(load, 60_000, 5, () => 10),
    cost: linearCost(1, 0, 0),
    maxSequences: 1,
  });
  const { mean, half } = interval(waits(serve(scenario)));
  const theory = load / (2 * (1 - load));
  expect(Math.abs(mean - theory)).toBeLessThan(half);
  expect(half).toBeLessThan(0.2 * theory); // the check is sharp enough to fail
});

test.each([0.3, 0.6])("M/M/1: mean wait is rho / (1 - rho) services, at load %s", (load) => {
  // Exponential service of mean 1 s in steps of 1 ms: prompts of 1 ms a token.
  const scenario = toyScenario({
    requests: poisson(load, 60_000, 6, (u) => Math.max(1, Math.round(-1000 * Math.log(1 - u)))),
    cost: linearCost(0, 0.001, 0),
    maxSequences: 1,
    maxTokens: 1_000_000,
  });
  const { mean, half } = interval(waits(serve(scenario)));
  const theory = load / (1 - load);
  expect(Math.abs(mean - theory)).toBeLessThan(half);
  expect(half).toBeLessThan(0.25 * theory);
});

test("Little's law: mean number in the engine is arrival rate times mean time in it", () => {
  const scenario = toyScenario({
    requests: poisson(2, 5000, 7, () => 100).map((r) => ({ ...r, outputTokens: 20 })),
    cost: linearCost(0.02, 1e-4, 1e-6),
  });
  const result = serve(scenario);
  const { requests, logs, end } = result;
  const n = requests.length;
  // Time in the engine by the requests' own clocks, the number in it by what every iteration computed: each sequence in
  // the batch emits a token.
  let time = 0;
  for (let id = 0; id < n; id++) time += (requests.end[id] as number) - (requests.admitted[id] as number);
  let area = 0;
  for (const log of logs) {
    for (let row = 0; row < log.length; row++) {
      area += log.get(row, "emitted") * (log.end(row) - log.get(row, "start"));
    }
  }
  expect(result.totals[0]?.preemptions).toBe(0);
  expect(area / end).toBeCloseTo((n / end) * (time / n), 9);
});
