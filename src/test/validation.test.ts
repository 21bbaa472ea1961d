import { readFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { resolveProfile } from "../cli/resolve.js";
import type { Chart } from "../report/report.js";
import { validateTable } from "../report/validate-table.js";
import type { MeasuredCase } from "../validate/case.js";
import { CASES, PUBLISHED } from "../validate/cases.js";
import { predict } from "../validate/predict.js";
import { score, targetResults, type TargetResult } from "../validate/score.js";
import { chartFaults } from "./chart-faults.js";
import { regenerateValidation, reportFolder } from "./reports.js";

/** How many points of a hundred an error may grow before somebody must look at it. */
const TOLERATED = 0.02;

interface Committed {
  readonly targets: readonly TargetResult[];
  readonly cases: readonly { readonly name: string; readonly comparisons: readonly { readonly metric: string }[] }[];
}

const committed = JSON.parse(readFileSync(`${reportFolder("validation")}result.json`, "utf8")) as Committed;
let now: ReturnType<typeof regenerateValidation>;
beforeAll(() => {
  now = regenerateValidation();
});

test("no error is more than two points worse than the committed page says; if that is meant, npm run reports", () => {
  expect(now.found.targets.length).toBe(committed.targets.length);
  const worse = now.found.targets.filter(
    (row, i) => row.error > (committed.targets[i] as TargetResult).error + TOLERATED,
  );
  expect(worse.map(({ target, metric, error }) => `${target}, ${metric}: ${(100 * error).toFixed(1)} %`)).toEqual([]);
});

test("the committed page is of these runs", () => {
  const names = committed.cases.map(({ name, comparisons }) => [name, ...comparisons.map(({ metric }) => metric)]);
  expect(names).toEqual(CASES.map(({ name, measured }) => [name, ...Object.keys(measured)]));
});

test("every run has a name of its own, a source, options, and figures above 0 that were predicted", () => {
  expect(new Set(CASES.map(({ name }) => name)).size).toBe(CASES.length);
  for (const { measuredCase, comparisons } of now.found.scored) {
    expect(PUBLISHED[measuredCase.publication].source).not.toBe("");
    for (const { metric, measured, predicted } of comparisons) {
      expect(measured, `${measuredCase.name} ${metric}`).toBeGreaterThan(0);
      expect(predicted, `${measuredCase.name} ${metric}`).toBeGreaterThan(0);
    }
  }
});

test("measured figures agree with each other: E2E is TTFT and the rest of the tokens at TPOT", () => {
  const wrong = CASES.filter(({ measured, load }) => {
    const [ttft, tpot, e2e] = ["mean_ttft_ms", "mean_tpot_ms", "mean_e2el_ms"].map((metric) => measured[metric]);
    if (ttft === undefined || tpot === undefined || e2e === undefined) return false;
    const sum = ttft + ((load.output as number) - 1) * tpot;
    return Math.abs(sum / e2e - 1) > 0.002;
  });
  expect(wrong.map(({ name }) => name)).toEqual([]);
});

test("energy of a token is power over rate, in what was measured and in what is predicted", () => {
  for (const { comparisons } of now.found.scored) {
    const value = (metric: string, side: "measured" | "predicted"): number =>
      comparisons.find((each) => each.metric === metric)?.[side] ?? NaN;
    for (const side of ["measured", "predicted"] as const) {
      const energy = value("energy_per_output_token_j", side);
      if (Number.isNaN(energy)) continue;
      expect((energy * value("output_throughput", side)) / value("mean_power_w", side)).toBeCloseTo(1, 2);
    }
  }
});

test("charts are sound and draw every run that has their figures", () => {
  const [scatter, errors] = now.charts as [Chart, Chart];
  for (const { spec } of now.charts) expect(chartFaults(spec)).toEqual([]);
  const drawn = new Set(errors.rows.map((row) => (row as { case: string }).case));
  expect([...drawn].sort()).toEqual(CASES.map(({ name }) => name).sort());
  expect(scatter.rows.length).toBeGreaterThan(errors.rows.length);
});

test("errors, their statistics and what is met, on cases made up", () => {
  const made = (name: string, measured: number): MeasuredCase => ({
    ...(CASES[0] as MeasuredCase),
    name,
    target: "closed loop",
    measured: { mean_tpot_ms: measured, mean_ttft_ms: measured },
  });
  const scored = [made("a", 100), made("b", 50), made("c", 10)].map((each) =>
    score(each, { mean_tpot_ms: 100, mean_ttft_ms: 100 }),
  );
  expect(scored.map(({ comparisons }) => comparisons[0]?.error)).toEqual([0, 1, 9]);
  expect(targetResults(scored)).toMatchObject([
    { metric: "mean_ttft_ms", statistic: "median", cases: 3, error: 1, bias: 10 / 3, met: false },
    { metric: "mean_tpot_ms", statistic: "mean", cases: 3, error: 10 / 3, met: false },
  ]);
  expect(targetResults(scored.slice(0, 1)).map(({ met }) => met)).toEqual([true, true]);
  expect(validateTable(scored, targetResults(scored))).toMatch(
    /closed loop +mean_ttft_ms +3 +median +100.0 % +\+333.3 %/,
  );
});

test("a prediction is of the load as it was: requests, tokens and sequences", () => {
  const named = (name: string): MeasuredCase => CASES.find((each) => each.name === name) as MeasuredCase;
  const stages = predict(named("vllm-0.15/yi-34b-tp2/general-lite"), resolveProfile);
  expect(stages).toMatchObject({ completed: 5100, total_input_tokens: 5100 * 547, total_output_tokens: 5100 * 248 });
  expect(stages["duration"]).toBeGreaterThan(1195);
  const chat = predict(named("ml-energy/qwen3-8b/lm-arena-chat/64"), resolveProfile);
  expect((chat["total_output_tokens"] as number) / 1024).toBeCloseTo(644.55, 0);
  expect(chat["mean_running_requests"]).toBeGreaterThan(63);
  expect(chat["mean_running_requests"]).toBeLessThanOrEqual(64);
});
