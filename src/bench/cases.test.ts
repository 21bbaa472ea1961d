import { beforeAll, expect, test } from "vitest";
import { scenarioOptions } from "../cli/flags.js";
import { resolve } from "../cli/resolve.js";
import { simulate } from "../cli/simulate.js";
import type { Policy } from "../policy/policy.js";
import type { Summary } from "../serve/outcome.js";
import { summary } from "../serve/outcome-of.js";
import { benchCases, sameFigures } from "./cases.js";

/** The benchmark at a small size and in this process: what it compares must hold, however long it takes. */

const REQUESTS = 300;
const results: Partial<Record<keyof ReturnType<typeof benchCases>, Summary>> = {};

beforeAll(async () => {
  for (const [name, flags] of Object.entries(benchCases(REQUESTS)) as [keyof typeof results, object][]) {
    const options = await scenarioOptions({ ...flags });
    const resolved = await resolve(options);
    const { scenario, result } = await simulate(options, resolved, resolved.policies[0] as Policy);
    results[name] = summary(scenario, result, "test");
  }
});

const figures = (name: keyof typeof results): Readonly<Record<string, number | null>> => results[name]?.metrics ?? {};
const figure = (name: keyof typeof results, key: string): number => figures(name)[key] as number;

test("all requests are served in full", () => {
  for (const name of ["load", "overload", "stepByStep"] as const) {
    expect(figures(name)).toMatchObject({
      completed: REQUESTS,
      failed: 0,
      total_input_tokens: 512 * REQUESTS,
      total_output_tokens: 4096 * REQUESTS,
    });
  }
  expect(figures("start")).toMatchObject({ completed: 8, total_output_tokens: 8 * 64 });
});

test("fast-forward gives the figures of step by step in far fewer runs", () => {
  expect(sameFigures(figures("load"), figures("stepByStep"))).toBe(true);
  expect(figure("stepByStep", "runs")).toBeGreaterThan(4096);
  expect(figure("stepByStep", "runs") / figure("load", "runs")).toBeGreaterThan(15);
});

test("a difference in one figure is seen", () => {
  const changed = { ...figures("load"), mean_tpot_ms: figure("load", "mean_tpot_ms") * (1 + 1e-6) };
  expect(sameFigures(figures("load"), changed)).toBe(false);
});

test("the overloaded case is one: it preempts, and all wait", () => {
  expect(figure("overload", "preemptions")).toBeGreaterThan(0);
  expect(figure("load", "preemptions")).toBe(0);
  expect(figure("overload", "peak_kv_share")).toBeGreaterThan(0.95);
  expect(figure("overload", "p99_ttft_ms")).toBeGreaterThan(10 * figure("load", "p99_ttft_ms"));
});
