import { expect, test } from "vitest";
import { replicationSeed } from "../core/rng.js";
import { difference, withConfidence, type Replication } from "../serve/confidence.js";
import type { Summary } from "../serve/outcome.js";
import { summary } from "../serve/outcome-of.js";
import { committedErrors } from "./model-error-file.js";
import { checkOptions } from "./options.js";
import { replicationOf } from "./replication.js";
import { Replicator } from "./replicator.js";
import { resolve } from "./resolve.js";
import { simulate, type Simulation } from "./simulate.js";

const BASE = {
  model: "llama-3.1-8b",
  hardware: "h100-sxm",
  workload: "reasoning-production",
  "request-rate": 2,
  "num-requests": 60,
  seed: 3,
};

type Values = Readonly<Record<string, unknown>>;

async function simulateAll(values: Values, workers = 1): Promise<readonly Simulation[]> {
  const options = checkOptions({ ...BASE, ...values }, (key) => key);
  const resolved = await resolve(options);
  const replicator = new Replicator(options, workers);
  try {
    const simulations: Simulation[] = [];
    for (const policy of resolved.policies) simulations.push(await simulate(options, resolved, policy, { replicator }));
    return simulations;
  } finally {
    await replicator.end();
  }
}

function runsOf({ evidence }: Simulation): readonly Replication[] {
  if (evidence === undefined || !("runs" in evidence)) throw new Error("no runs");
  return evidence.runs;
}

function summaryOf({ scenario, result, evidence }: Simulation): Summary {
  const one = summary(scenario, result, "test");
  return evidence === undefined ? one : withConfidence(one, evidence);
}

test("the first run is the one without replications; each other can be repeated alone by its seed", async () => {
  const [simulation] = await simulateAll({ replications: 3, confidence: 0.9 });
  const runs = runsOf(simulation as Simulation);
  expect(runs.map(({ seed }) => seed)).toEqual([0, 1, 2].map((r) => replicationSeed(3, r)));
  for (const run of runs) {
    const [alone] = await simulateAll({ seed: run.seed });
    expect(replicationOf(alone as Simulation)).toEqual(run);
  }
  const { metrics, confidence, confidence_intervals: intervals } = summaryOf(simulation as Simulation);
  expect(confidence).toMatchObject({ level: 0.9, method: "replications", replications: 3 });
  const ttfts = runs.map((run) => run.metrics["mean_ttft_ms"] as number);
  expect(new Set(ttfts).size).toBe(3);
  const mean = ttfts.reduce((a, b) => a + b, 0) / 3;
  expect(metrics["mean_ttft_ms"]).toBeCloseTo(mean, 9);
  const [from, to] = intervals?.["mean_ttft_ms"] ?? [NaN, NaN];
  const spread = Math.sqrt(ttfts.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 2);
  expect((to - from) / 2).toBeCloseTo((2.91998558 * spread) / Math.sqrt(3), 6); // t of 0.9 and 2 degrees of freedom
  expect((from + to) / 2).toBeCloseTo(mean, 9);
});

test("compared policies see the same requests in each run, other ones in the next; results do not depend on threads", async () => {
  const values = { workload: "reasoning-hard", policy: "dense,raas:budget=256", replications: 4 };
  const here = await simulateAll(values);
  const threads = await simulateAll(values, 3);
  expect(JSON.stringify(threads.map(summaryOf))).toBe(JSON.stringify(here.map(summaryOf)));
  const [dense, raas] = here.map(runsOf) as [readonly Replication[], readonly Replication[]];
  for (const key of ["total_input_tokens", "total_output_tokens"]) {
    expect(raas.map(({ metrics }) => metrics[key])).toEqual(dense.map(({ metrics }) => metrics[key]));
    expect(new Set(dense.map(({ metrics }) => metrics[key])).size).toBe(4);
  }
  const { changes } = difference({ label: "Dense", runs: dense }, raas, 0.95);
  expect(changes["mean_tpot_ms"]?.significant).toBe(true);
  expect(changes["mean_tpot_ms"]?.relative_change).toBeLessThan(0);
  expect(changes["total_output_tokens"]).toMatchObject({ change: 0, significant: false });
});

test.each([1, 2])("nothing random: the runs are equal, which is an error, with %s threads too", async (workers) => {
  const log = { workload: "generated-reasoning-production", "request-rate": undefined };
  await expect(simulateAll({ ...log, replications: 3 }, workers)).rejects.toThrow("replications: all runs are equal");
  const [sampled] = await simulateAll({ ...log, "rate-scale": 0.5, replications: 2 }, workers);
  expect(new Set(runsOf(sampled as Simulation).map(({ metrics }) => metrics["total_output_tokens"])).size).toBe(2);
});

test("a saturated load has no intervals of latencies, whether by replications or batch means, and says why", async () => {
  const load = { "request-rate": 50, "num-requests": 400, "max-num-seqs": 16 };
  const [several] = await simulateAll({ ...load, replications: 2 });
  const all = summaryOf(several as Simulation);
  expect(all.saturation.saturated).toBe(true);
  expect(all.confidence_intervals).not.toHaveProperty("mean_ttft_ms");
  expect(all.confidence_intervals).toHaveProperty("output_throughput");
  const [one] = await simulateAll({ ...load, confidence: 0.95 });
  expect(summaryOf(one as Simulation).confidence_intervals).toEqual({});
  for (const simulation of [several, one]) {
    expect(summaryOf(simulation as Simulation).notes.join("\n")).toContain("No steady state: a longer run would");
  }
});

test("one run: means and percentiles of latencies with intervals around them; the rest says why it has none", async () => {
  const [simulation] = await simulateAll({ "num-requests": 2000, "request-rate": 0.5, confidence: 0.95 });
  const { metrics, confidence, confidence_intervals: intervals = {}, notes } = summaryOf(simulation as Simulation);
  expect(confidence?.method).toBe("batch-means");
  expect(intervals).toHaveProperty("mean_ttft_ms");
  expect(intervals).toHaveProperty("p99_e2el_ms");
  for (const [key, [from, to]] of Object.entries(intervals)) {
    expect((from + to) / 2, key).toBeCloseTo(metrics[key] as number, 6);
    expect(to - from, key).toBeGreaterThan(0);
  }
  const latencies = ["ttft", "tpot", "e2el", "ttfa"].flatMap((name) =>
    ["mean", "median", "p50", "p90", "p95", "p99"].map((statistic) => `${statistic}_${name}_ms`),
  );
  for (const key of [...latencies, "mean_itl_ms"]) {
    if (intervals[key] === undefined) expect(notes.join("\n")).toContain(key);
  }
});

test("--warmup mser-5 leaves out what it finds, says so, and hands out every request once", async () => {
  // Batches fill up for as long as one answer takes: until then tokens come faster than later.
  const load = { workload: undefined, "input-len": 512, "output-len": 4096, "num-requests": 800, "request-rate": 0.6 };
  const options = checkOptions({ ...BASE, ...load, warmup: "mser-5" }, (key) => key);
  const resolved = await resolve(options);
  const ids: number[] = [];
  const simulation = await simulate(options, resolved, resolved.policies[0]!, {
    sink: (_, from, to) => {
      for (let id = from; id < to; id++) ids.push(id);
    },
  });
  expect(ids).toEqual(Array.from({ length: 800 }, (_, id) => id));
  const { warmup, metrics, notes } = summaryOf(simulation);
  expect(warmup?.rule).toBe("mser-5");
  expect(warmup?.requests).toBeGreaterThan(0);
  expect((metrics["completed"] as number) + (warmup?.requests ?? 0)).toBe(800);
  expect(notes.join("\n")).toMatch(/Warm-up of [\d.]+ s by MSER-5/);
  const [same] = await simulateAll({ ...load, warmup: warmup?.seconds });
  expect(summaryOf(same as Simulation).metrics).toEqual(metrics);
});

test("errors of the committed validation page are there for the device they were measured on, and no other", () => {
  const errors = committedErrors("h100-sxm");
  expect(errors["mean_tpot_ms"]?.length).toBeGreaterThan(20);
  expect(Object.values(errors).flat().every(Number.isFinite)).toBe(true);
  expect(committedErrors("no-such-device")).toEqual({});
});
