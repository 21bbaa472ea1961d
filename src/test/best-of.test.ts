import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { serve } from "../serve/serve.js";
import { latencies } from "../serve/metrics.js";
import { budgetMetrics } from "../serve/thinking-metrics.js";
import type { Scenario } from "../serve/scenario.js";
import { parseDefinition } from "../workload/definition.js";
import { definitionWorkload, fixedWorkload } from "../workload/generate.js";
import { parseCount, parseSeconds } from "../workload/seconds.js";
import { capThinking } from "../workload/thinking-budget.js";
import type { Workload } from "../workload/workload.js";
import { keepAll, linearCost, request, toyScenario, workload as toyWorkload } from "./toy.js";

/** Several samples of one question, and caps on reasoning. */

const FILE = new URL("../../workloads/reasoning-hard.json", import.meta.url);
const HARD = parseDefinition(JSON.parse(readFileSync(FILE, "utf8")), "reasoning-hard.json");

function scenarioOf(workload: Workload): Scenario {
  return { ...toyScenario({ requests: [], policy: keepAll, cost: linearCost(0.01, 0, 0) }), workload };
}

test("n samples of each question: one prompt, one time, one group; the vote waits for the last", () => {
  const result = serve(scenarioOf(definitionWorkload(HARD, { numRequests: 20, bestOf: 8, requestRate: 1 })));
  const { specs, sent, end } = result.requests;
  expect(specs).toHaveLength(160);
  const waits: number[] = [];
  for (let group = 0; group < 20; group++) {
    const mine = specs.filter((spec) => spec.group === group);
    expect(mine).toHaveLength(8);
    expect(new Set(mine.map((spec) => spec.promptTokens)).size).toBe(1);
    expect(new Set(mine.map((spec) => spec.outputTokens)).size).toBeGreaterThan(1);
    expect(new Set(mine.map(({ id }) => sent[id])).size).toBe(1);
    waits.push(Math.max(...mine.map(({ id }) => (end[id] as number) - (sent[id] as number))));
  }
  const sample = latencies(result).best_of_e2el;
  expect(sample?.count).toBe(20);
  expect(sample?.quantile(1)).toBe(Math.max(...waits));
  expect(sample?.mean()).toBeCloseTo(waits.reduce((a, b) => a + b, 0) / 20, 9);
});

test("single samples have no group, and no latency of one", () => {
  const result = serve(scenarioOf(definitionWorkload(HARD, { numRequests: 5, requestRate: 1 })));
  expect(result.requests.specs.every((spec) => spec.group === undefined)).toBe(true);
  expect(latencies(result).best_of_e2el).toBeUndefined();
});

test("a session goes on after the last sample", () => {
  const sessions = {
    turns: parseCount(2, 1, "turns"),
    thinkSeconds: parseSeconds(3, "think-time"),
    toolCalls: parseCount(0, 0, "tool-calls"),
    toolSeconds: parseSeconds(0, "tool-time"),
    history: "all",
  } as const;
  const asked = definitionWorkload(HARD, { users: 1, numRequests: 2, bestOf: 3, sessions });
  const { specs, sent, end } = serve(scenarioOf(asked)).requests;
  expect(specs).toHaveLength(6);
  const last = [0, 1, 2].reduce((best, id) => ((end[id] as number) > (end[best] as number) ? id : best));
  const drawn = [...asked.requests(0)][0]?.promptTokens;
  for (const id of [3, 4, 5]) {
    expect(sent[id]).toBe((end[last] as number) + 3);
    expect(specs[id]?.promptTokens).toBeGreaterThan((drawn as number) + (specs[last]?.outputTokens as number));
  }
});

test("fixed lengths have equal samples", () => {
  const requests = [...fixedWorkload({ inputLen: 5, outputLen: 6, bestOf: 3, numRequests: 2 }).requests(1)];
  expect(requests.map(({ id, group, outputTokens }) => [id, group, outputTokens])).toEqual([
    [0, 0, 6],
    [1, 0, 6],
    [2, 0, 6],
    [3, 1, 6],
    [4, 1, 6],
    [5, 1, 6],
  ]);
});

test("a thinking budget cuts reasoning, leaves the answer, and is counted", () => {
  const of = (id: number, outputTokens: number, reasoningTokens: number): ReturnType<typeof request> => ({
    ...request(id, id, 4, outputTokens),
    reasoningTokens,
  });
  const asked = toyWorkload([of(0, 30, 20), of(1, 30, 10), of(2, 30, 0), of(3, 25, 25), of(4, 12, 11)]);
  const scenario = scenarioOf(capThinking(asked, { all: 10, tenants: new Map() }));
  const result = serve(scenario);
  expect(result.requests.specs.map((spec) => [spec.outputTokens, spec.reasoningTokens])).toEqual([
    [20, 10],
    [30, 10],
    [30, 0],
    [11, 10], // was cut within its reasoning: one token of answer
    [11, 10],
  ]);
  expect(budgetMetrics(scenario, result)).toEqual({ thinking_budget_met: 3, thinking_tokens_cut: 10 + 15 + 1 });
  expect(budgetMetrics(scenarioOf(asked), result)).toEqual({});
});

test("a budget holds for requests that follow, and a larger one never means fewer tokens", () => {
  const sessions = {
    turns: parseCount(3, 1, "turns"),
    thinkSeconds: parseSeconds(1, "think-time"),
    toolCalls: parseCount(1, 0, "tool-calls"),
    toolSeconds: parseSeconds(1, "tool-time"),
    history: "answers",
  } as const;
  let before = 0;
  for (const budget of [1, 300, 3000, 100_000]) {
    const asked = definitionWorkload(HARD, { users: 2, numRequests: 30, sessions });
    const { specs } = serve(scenarioOf(capThinking(asked, { all: budget, tenants: new Map() }))).requests;
    expect(Math.max(...specs.map((spec) => spec.reasoningTokens))).toBeLessThanOrEqual(budget);
    const first = specs.filter(({ session }) => session === "0.0").slice(0, 3);
    const tokens = first.reduce((sum, spec) => sum + spec.outputTokens, 0);
    expect(tokens).toBeGreaterThanOrEqual(before);
    before = tokens;
  }
});
