import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import type { DecodePoint, Outcome } from "../serve/outcome.js";
import { chartFaults } from "./chart-faults.js";
import { regenerate, reportFolder, REPORTS, type GoldenReport, type ReportName } from "./reports.js";

/** Two runs differ at most in the last of the digits that are committed. */
const TOLERANCE = 2e-8;
/** Measures of a replay are sums of 32-bit numbers: a kernel that adds in another order may move them by a little more. */
const REPLAY_TOLERANCE = 1e-5;
const REPLAYED = /\/quality\/|^\/(trinity|quality-throughput|recall-budget)\/rows\//;

/** Where two JSON values differ, as "path: committed → now". */
function differences(committed: unknown, now: unknown, path = ""): readonly string[] {
  if (typeof committed === "number" && typeof now === "number") {
    const tolerance = REPLAYED.test(path) ? REPLAY_TOLERANCE : TOLERANCE;
    const close = Math.abs(committed - now) <= tolerance * Math.max(Math.abs(committed), Math.abs(now));
    return close ? [] : [`${path}: ${committed} → ${now}`];
  }
  if (committed !== null && now !== null && typeof committed === "object" && typeof now === "object") {
    const keys = new Set([...Object.keys(committed), ...Object.keys(now)]);
    const [a, b] = [committed as Record<string, unknown>, now as Record<string, unknown>];
    return [...keys].flatMap((key) => differences(a[key], b[key], `${path}/${key}`));
  }
  return Object.is(committed, now) ? [] : [`${path}: ${JSON.stringify(committed)} → ${JSON.stringify(now)}`];
}

function readJson(name: ReportName, file: string): unknown {
  return JSON.parse(readFileSync(reportFolder(name) + file, "utf8"));
}

const golden = new Map<ReportName, GoldenReport>();
beforeAll(async () => {
  for (const name of REPORTS) golden.set(name, await regenerate(name));
}, 120_000); // on a busy machine
const of = (name: ReportName): GoldenReport => golden.get(name) as GoldenReport;

test("differences are found", () => {
  const row = { a: [1, { b: "x" }], c: null };
  expect(differences(row, structuredClone(row))).toEqual([]);
  expect(differences(row, { a: [1 + 1e-7, { b: "y" }], d: 1 })).toHaveLength(4);
  expect(differences({ quality: { recall: 1 } }, { quality: { recall: 1 + 1e-7 } })).toEqual([]);
  expect(differences({ quality: { recall: 1 } }, { quality: { recall: 1.001 } })).toHaveLength(1);
});

describe.each(REPORTS)("reports/%s", (name) => {
  test("is what its scenario gives today; if a change is meant, npm run reports", () => {
    expect(differences(readJson(name, "result.json"), of(name).result).slice(0, 20)).toEqual([]);
    expect(differences(readJson(name, "charts.json"), of(name).chartData).slice(0, 20)).toEqual([]);
  });

  test("has charts that are valid and compile without a warning", () => {
    const charts = Object.values(readJson(name, "charts.json") as Record<string, { spec: object; rows: object[] }>);
    expect(charts.length).toBeGreaterThan(5);
    for (const { spec, rows } of charts) {
      expect(chartFaults(spec)).toEqual([]);
      expect(rows.length).toBeGreaterThan(0);
    }
  });

  test("keeps requests and tokens", () => {
    for (const { scenario, result } of of(name).simulations) {
      const { specs, end } = result.requests;
      expect(specs).toHaveLength(scenario.options["num-requests"] as number);
      const served = specs.filter(({ id }) => (end[id] as number) > 0);
      expect(served).toHaveLength(specs.length - result.failed);
      const outputs = served.reduce((sum, spec) => sum + spec.outputTokens, 0);
      const prompts = served.reduce((sum, spec) => sum + spec.promptTokens, 0);
      // Nothing is computed twice here, and each token but the last of a request passes the layers.
      expect(result.totals).toMatchObject([
        { preemptions: 0, emitted: outputs, tokens: prompts + outputs - served.length },
      ]);
    }
  });

  test("has ordered quantiles, and throughput that is tokens over time", () => {
    for (const { metrics } of of(name).outcomes) {
      const value = (key: string): number => metrics[key] as number;
      for (const latency of ["ttft", "tpot", "itl", "e2el"]) {
        const quantiles = ["p50", "p90", "p95", "p99"].map((quantile) => value(`${quantile}_${latency}_ms`));
        expect(quantiles).toEqual([...quantiles].sort((a, b) => a - b));
      }
      expect(value("output_throughput") * value("duration")).toBeCloseTo(value("total_output_tokens"), 3);
    }
  });
});

describe("policies on one sequence (RaaS, arXiv 2502.11147, its figure of time and memory)", () => {
  const outcome = (label: string): Outcome =>
    of("reasoning-policies").outcomes.find((each) => each.label === label) as Outcome;
  const curve = (label: string): readonly DecodePoint[] => outcome(label).decodeCurve;
  const last = (label: string): DecodePoint => curve(label).at(-1) as DecodePoint;

  test("dense memory grows by each token's bytes, Quest's by those and its index", () => {
    for (const [label, share] of [
      ["Dense", 1],
      ["Quest 1024", 1 + 1 / 16],
    ] as const) {
      const points = curve(label);
      for (let i = 1; i < points.length; i++) {
        const [before, after] = [points[i - 1] as DecodePoint, points[i] as DecodePoint];
        const tokens = (after.kv_bytes - before.kv_bytes) / (after.generated - before.generated);
        // The first two layers under Quest stay dense.
        expect(tokens / outcome(label).memory.kv_bytes_per_token).toBeGreaterThanOrEqual(1);
        expect(tokens / outcome(label).memory.kv_bytes_per_token).toBeLessThanOrEqual(share);
      }
    }
  });

  test("RaaS memory is flat from the budget on", () => {
    for (const budget of [512, 1024]) {
      const flat = curve(`RaaS ${budget}`).filter(({ generated }) => generated > budget);
      expect(flat.length).toBeGreaterThan(100);
      expect(new Set(flat.map(({ kv_bytes }) => kv_bytes)).size).toBe(1);
    }
    expect(last("RaaS 1024").kv_bytes).toBeLessThan(2.1 * last("RaaS 512").kv_bytes);
    expect(last("RaaS 1024").kv_bytes).toBeLessThan(last("Dense").kv_bytes / 20);
  });

  test("dense time bends upward, RaaS time is a straight line", () => {
    const dense = curve("Dense").map(({ step_ms }) => step_ms);
    expect(dense.every((ms, i) => i === 0 || ms > (dense[i - 1] as number))).toBe(true);
    const steady = curve("RaaS 1024").filter(({ generated }) => generated > 1024);
    expect(new Set(steady.map(({ step_ms }) => step_ms)).size).toBe(1);
    const growth = (label: string): number => last(label).step_ms - (curve(label)[20] as DecodePoint).step_ms;
    expect(growth("Quest 1024")).toBeGreaterThan(0); // it scores all pages
    expect(growth("Quest 1024")).toBeLessThan(growth("Dense") / 5);
  });

  test("long outputs are fastest under the smallest budget", () => {
    const ordered = ["RaaS 512", "RaaS 1024", "Quest 1024", "Dense"];
    const decode = ordered.map((label) => last(label).decode_s);
    expect(decode).toEqual([...decode].sort((a, b) => a - b));
    for (const key of ["mean_tpot_ms", "mean_e2el_ms", "duration"]) {
      const values = ordered.map((label) => outcome(label).metrics[key] as number);
      expect(values, key).toEqual([...values].sort((a, b) => a - b));
    }
  });
});
