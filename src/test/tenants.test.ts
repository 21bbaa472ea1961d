import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { RELATIVE_ERROR } from "../core/quantile-sketch.js";
import { serve, type ServeResult } from "../serve/serve.js";
import type { TenantFigures } from "../serve/outcome.js";
import { parseDefinition, type WorkloadDefinition } from "../workload/definition.js";
import { definitionWorkload } from "../workload/generate.js";
import { parseCount, parseSeconds } from "../workload/seconds.js";
import { capThinking, thinkingBudgets } from "../workload/thinking-budget.js";
import type { Workload } from "../workload/workload.js";
import { linearCost, request, toyScenario, type ToyOptions } from "./toy.js";

/** Several tenants in one workload: shares, lengths, priorities and thinking budgets of their own. */

const FILE = new URL("../../workloads/reasoning-hard.json", import.meta.url);
const JSON_TEXT = JSON.parse(readFileSync(FILE, "utf8")) as WorkloadDefinition;
const short = {
  components: [{ kind: "exponential", weight: 1, mean: 20 }],
  limit: 50,
  source: JSON_TEXT.prompt.source,
};

function definition(tenants: readonly object[]): WorkloadDefinition {
  return parseDefinition({ ...JSON_TEXT, tenants }, "mine.json");
}

const TWO = definition([
  { name: "chat", share: 0.75, priority: -1, prompt: short },
  { name: "batch", share: 0.25, priority: 3, thinkingBudget: 500 },
]);

function run(workload: Workload, options: Partial<ToyOptions> = {}): ServeResult {
  const toy = toyScenario({ requests: [], cost: linearCost(0.01, 0, 0), ...options });
  return serve({ ...toy, workload });
}

describe("what is sent, seed 0", () => {
  test("shares, lengths and priorities", () => {
    const requests = [...definitionWorkload(TWO, { numRequests: 4000 }).requests(0)];
    const chat = requests.filter(({ tenant }) => tenant === "chat");
    expect(Math.abs(chat.length - 3000)).toBeLessThan(5 * Math.sqrt(4000 * 0.75 * 0.25));
    expect(new Set(chat.map(({ priority }) => priority))).toEqual(new Set([-1]));
    expect(Math.max(...chat.map(({ promptTokens }) => promptTokens))).toBeLessThanOrEqual(50);
    const batch = requests.filter(({ tenant }) => tenant === "batch");
    expect(batch.length + chat.length).toBe(4000);
    expect(new Set(batch.map(({ priority }) => priority))).toEqual(new Set([3]));
    expect(Math.max(...batch.map(({ promptTokens }) => promptTokens))).toBeGreaterThan(50);
  });

  test("a change of one tenant leaves the other's lengths as they were", () => {
    const other = definition([
      { name: "chat", share: 0.75, prompt: { ...short, limit: 20 } },
      { name: "batch", share: 0.25 },
    ]);
    const of = (one: WorkloadDefinition): number[] =>
      [...definitionWorkload(one, { numRequests: 300 }).requests(0)]
        .filter(({ tenant }) => tenant === "batch")
        .flatMap((r) => [r.promptTokens, r.outputTokens, r.reasoningTokens]);
    expect(of(other)).toEqual(of(TWO));
  });

  test("a user belongs to one tenant", () => {
    const sessions = {
      turns: parseCount(2, 1, "turns"),
      thinkSeconds: parseSeconds("exponential:5", "think-time"),
      toolCalls: parseCount(0, 0, "tool-calls"),
      toolSeconds: parseSeconds(0, "tool-time"),
      history: "answers",
    } as const;
    const { requests } = run(definitionWorkload(TWO, { users: 12, numRequests: 150, sessions }));
    const owner = new Map<string, string | undefined>();
    for (const { session, tenant } of requests.specs) {
      const user = session.split(".")[0] as string;
      if (owner.has(user)) expect(tenant).toBe(owner.get(user));
      owner.set(user, tenant);
    }
    expect(new Set(owner.values())).toEqual(new Set(["chat", "batch"]));
  });
});

test("figures of tenants add up, and an urgent tenant waits less under priorities than without", () => {
  const workload = definitionWorkload(TWO, { numRequests: 200, requestRate: 5 });
  const of = (priorities: boolean): readonly TenantFigures[] => {
    const { tally } = run(workload, { priorities, maxSequences: 4 }).books;
    return workload.tenants?.map((tenant) => tally.tenants.figures(tenant)) ?? [];
  };
  const [fair, urgent] = [of(false), of(true)];
  expect(fair.map(({ tenant, priority }) => [tenant, priority])).toEqual([
    ["chat", -1],
    ["batch", 3],
  ]);
  expect(fair.reduce((sum, { completed, failed }) => sum + completed + failed, 0)).toBe(200);
  expect(urgent[0]?.p50_ttft_ms as number).toBeLessThan(fair[0]?.p50_ttft_ms as number);
  expect(urgent[1]?.p50_ttft_ms as number).toBeGreaterThan(fair[1]?.p50_ttft_ms as number);
});

describe("thinking budgets", () => {
  const workload = definitionWorkload(TWO, { numRequests: 400 });
  const most = (said: string | number | undefined): number[] => {
    const budgets = thinkingBudgets(workload, said);
    const requests = [...(budgets === undefined ? workload : capThinking(workload, budgets)).requests(2)];
    return ["chat", "batch"].map((name) =>
      Math.max(...requests.filter(({ tenant }) => tenant === name).map((r) => r.reasoningTokens)),
    );
  };

  test("of the definition, of the option, of both", () => {
    expect(most(undefined)[0]).toBeGreaterThan(1000);
    expect(most(undefined)[1]).toBe(500);
    expect(most(300)).toEqual([300, 300]);
    expect(most("300,batch=200")).toEqual([300, 200]);
    expect(most("chat=100")).toEqual([100, 500]);
  });

  test.each<[string, RegExp]>([
    ["x", /^thinking-budget: "x" is not allowed; expected tokens from 1/],
    ["0", /^thinking-budget: "0" is not allowed/],
    ["chat=", /^thinking-budget: "chat=" is not allowed/],
    ["chat=1,chat=2", /^thinking-budget: "chat=2" is not allowed/],
    ["other=5", /^thinking-budget: "other=5" is not allowed; tenants are chat, batch$/],
  ])("%s is refused", (said, message) => {
    expect(() => thinkingBudgets(workload, said)).toThrow(message);
  });

  test("a workload without tenants has no budget of theirs", () => {
    const plain = definitionWorkload(parseDefinition(JSON_TEXT, "plain.json"));
    expect(() => thinkingBudgets(plain, "chat=5")).toThrow(/the workload has no tenants$/);
    expect(thinkingBudgets(plain, undefined)).toBeUndefined();
  });
});

test("figures of tenants are the same whether rows are kept or not, up to the sketch's error", () => {
  const requests = Array.from({ length: 4000 }, (_, id) => ({
    ...request(id, id * 0.02, id % 50 === 7 ? 5000 : 1 + (id % 90), 1 + ((id * 7) % 60)),
    tenant: id % 3 === 0 ? "a" : "b",
  }));
  const of = (exactRequests: number): TenantFigures[] => {
    const patience = parseSeconds(0.7, "patience");
    const cost = linearCost(0.01, 1e-4, 1e-6);
    const { books } = serve(toyScenario({ requests, cost, patience, maxSequences: 40, maxModelTokens: 1000 }), {
      exactRequests,
    });
    return ["a", "b"].map((name) => books.tally.tenants.figures({ name, priority: 0, thinkingBudget: undefined }));
  };
  const [exact, sketched] = [of(10_000), of(100)];
  exact.forEach((figures, i) => {
    expect(figures.completed + figures.failed + figures.cancelled).toBe(i === 0 ? 1334 : 2666);
    expect(Math.min(figures.completed, figures.failed, figures.cancelled)).toBeGreaterThan(0);
    for (const [key, value] of Object.entries(figures)) {
      const found = sketched[i]?.[key as keyof TenantFigures];
      if (!key.endsWith("_ms")) expect(found, key).toBe(value);
      else expect(Math.abs(Number(found) / Number(value) - 1), key).toBeLessThanOrEqual(RELATIVE_ERROR * 1.000001);
    }
  });
});

describe("definitions that are refused", () => {
  test.each<[readonly object[], RegExp]>([
    [[], /tenants/],
    [[{ name: "a", share: 0.5 }], /tenants.*shares must sum to 1/],
    [
      [
        { name: "a", share: 0.5 },
        { name: "a", share: 0.5 },
      ],
      /tenants.*names must differ/,
    ],
    [[{ name: "A b", share: 1 }], /tenants\.0\.name.*lower-case/],
    [[{ name: "a", share: 1, colour: "red" }], /colour/],
    [
      [{ name: "a", share: 1, prompt: { ...short, source: "nowhere" } }],
      /tenants\.0\.prompt\.source: "nowhere" is not a key/,
    ],
  ])("%j", (tenants, message) => {
    expect(() => definition(tenants)).toThrow(message);
  });
});
