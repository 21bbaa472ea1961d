import { expect, test } from "vitest";
import { replicationSeed, stream } from "../core/rng.js";
import { BatchedLatencies } from "../serve/batched-latencies.js";
import { difference, withConfidence, type Replication } from "../serve/confidence.js";
import { latencies } from "../serve/metrics.js";
import type { Summary } from "../serve/outcome.js";
import { serve } from "../serve/serve.js";
import { WarmupRule } from "../serve/warmup-rule.js";
import { meanInterval } from "../statistics/interval.js";
import type { RequestSpec } from "../workload/workload.js";
import { linearCost, request, toyScenario, type ToyOptions } from "./toy.js";

/** Intervals against what theory says of queues: they must cover the true mean about as often as they claim. */

/** Poisson arrivals, exponential service of mean 1 s in steps of 1 ms, one at a time: E2E mean 1 / (1 - load) s. */
function mm1(load: number, n: number, seed: number, service = 1): ToyOptions {
  const gaps = stream(seed, "gaps");
  const lengths = stream(seed, "lengths");
  let arrival = 0;
  const requests = Array.from({ length: n }, (_, id): RequestSpec => {
    arrival += -Math.log(1 - gaps()) / load;
    return request(id, arrival, Math.max(1, Math.round(-1000 * Math.log(1 - lengths()))), 1);
  });
  return { requests, cost: linearCost(0, 0.001 * service, 0), maxSequences: 1, maxTokens: 1_000_000 };
}

function replication(options: ToyOptions, seed: number): Replication {
  const result = serve(toyScenario(options));
  const { e2el } = latencies(result);
  const metrics = { mean_e2el_ms: e2el.mean() * 1000, p90_e2el_ms: e2el.quantile(0.9) * 1000, completed: e2el.count };
  return { seed, metrics, saturated: false };
}

const NOTHING = { metrics: { mean_e2el_ms: 0, p90_e2el_ms: 0, completed: 0 }, notes: [], saturation: {} };

test("replications: 90 % intervals of a mean cover it in 84 to 96 % of 200 experiments", () => {
  let covered = 0;
  for (let experiment = 0; experiment < 200; experiment++) {
    const runs = Array.from({ length: 5 }, (_, r) => {
      const seed = replicationSeed(experiment, r);
      return replication({ ...mm1(0.3, 300, seed), warmupSeconds: 50 }, seed);
    });
    const { confidence_intervals: intervals } = withConfidence(NOTHING as unknown as Summary, { level: 0.9, runs });
    const [from, to] = intervals?.["mean_e2el_ms"] ?? [NaN, NaN];
    if (from <= 1000 / 0.7 && 1000 / 0.7 <= to) covered++;
  }
  expect(covered / 200).toBeGreaterThanOrEqual(0.84);
  expect(covered / 200).toBeLessThanOrEqual(0.96);
});

test("batch means: 90 % intervals of a mean and a quantile cover them in 84 to 96 % of 200 runs, given they exist", () => {
  const truth = { mean_e2el_ms: 2000, p90_e2el_ms: 2000 * Math.log(10) }; // exponential with mean 2 s at load 1/2
  const covered = { mean_e2el_ms: 0, p90_e2el_ms: 0 };
  const made = { mean_e2el_ms: 0, p90_e2el_ms: 0 };
  for (let seed = 0; seed < 200; seed++) {
    const batches = new BatchedLatencies(20);
    const result = serve(toyScenario({ ...mm1(0.5, 3000, seed), warmupSeconds: 20 }), { sink: batches.sink });
    const { e2el } = latencies(result);
    const metrics = { mean_e2el_ms: e2el.mean() * 1000, p90_e2el_ms: e2el.quantile(0.9) * 1000 };
    const { intervals } = batches.intervals(metrics, 0.9);
    for (const key of ["mean_e2el_ms", "p90_e2el_ms"] as const) {
      const interval = intervals[key];
      if (interval === undefined) continue;
      made[key]++;
      if (interval[0] <= truth[key] && truth[key] <= interval[1]) covered[key]++;
    }
  }
  for (const key of ["mean_e2el_ms", "p90_e2el_ms"] as const) {
    expect(made[key], key).toBeGreaterThan(180);
    expect(covered[key] / made[key], key).toBeGreaterThanOrEqual(0.84);
    expect(covered[key] / made[key], key).toBeLessThanOrEqual(0.96);
  }
});

test("common random numbers: the paired interval of a difference is much narrower than that of two samples", () => {
  const seeds = Array.from({ length: 8 }, (_, r) => replicationSeed(5, r));
  const slow = seeds.map((seed) => replication(mm1(0.5, 400, seed), seed));
  const fast = seeds.map((seed) => replication(mm1(0.5, 400, seed, 0.95), seed));
  const { changes } = difference({ label: "slow", runs: slow }, fast, 0.95);
  const [from, to] = changes["mean_e2el_ms"]?.interval ?? [NaN, NaN];
  const means = (runs: readonly Replication[]): number[] =>
    runs.map(({ metrics }) => metrics["mean_e2el_ms"] as number);
  const unpaired = Math.hypot(meanInterval(means(slow), 0.95).half, meanInterval(means(fast), 0.95).half);
  expect((to - from) / 2).toBeLessThan(unpaired / 3);
  expect(changes["mean_e2el_ms"]).toMatchObject({ significant: true });
  // Service shorter by 5 % at load 1/2: a mean of 0.95 / (1 - 0.475) instead of 2 seconds.
  const expected = 0.95 / (1 - 0.475) - 2;
  expect(Math.abs((from + to) / 2000 - expected)).toBeLessThan(0.1);
  expect(changes["completed"]).toEqual({
    change: 0,
    interval: [0, 0],
    relative_change: 0,
    relative_interval: [0, 0],
    significant: false,
  });
});

test("an unlucky start is cut off by MSER-5, and then the mean is near the true one", () => {
  // 300 requests wait when the first arrives; the rest come at half of what can be served.
  const { requests, ...options } = mm1(0.5, 6000, 3);
  const burst = Array.from({ length: 300 }, (_, id) => request(id, 0, 1000, 1));
  const all = [...burst, ...requests.map((spec, i) => ({ ...spec, id: 300 + i }))];
  const rule = new WarmupRule();
  const scenario = toyScenario({ ...options, requests: all });
  const biased = latencies(serve(scenario, { sink: rule.sink })).e2el.mean();
  const { seconds, undetermined } = rule.cut();
  expect(undetermined).toEqual([]);
  expect(seconds).toBeGreaterThan(300); // the burst alone takes 300 s, 600 s with what comes meanwhile
  expect(seconds).toBeLessThan(2500);
  const settled = latencies(serve({ ...scenario, warmupSeconds: seconds })).e2el.mean();
  expect(biased).toBeGreaterThan(10);
  expect(Math.abs(settled - 2)).toBeLessThan(0.3);
});

test("too few requests for MSER-5 are an error that says so", () => {
  const rule = new WarmupRule();
  serve(toyScenario(mm1(0.5, 49, 1)), { sink: rule.sink });
  expect(() => rule.cut()).toThrow("warmup: mser-5 needs at least 50 completed requests, there are 49");
});

test("memory does not grow with requests: batches and MSER-5 are the same whether rows are kept or dropped", () => {
  const scenario = toyScenario(mm1(0.6, 5000, 4));
  const found = [5000, 100].map((exactRequests) => {
    const rule = new WarmupRule();
    const batches = new BatchedLatencies(0);
    const sink: typeof rule.sink = (...rows) => [rule, batches].forEach((each) => each.sink(...rows));
    serve(scenario, { sink, exactRequests });
    return { cut: rule.cut(), intervals: batches.intervals({ mean_e2el_ms: 2500, p99_e2el_ms: 9000 }, 0.95) };
  });
  expect(found[1]).toEqual(found[0]);
});
