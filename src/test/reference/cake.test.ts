import { expect, test } from "vitest";
import { shareBudgets } from "../../policy/cake-budgets.js";
import { createPolicy, POLICIES } from "../../policy/table.js";
import type { AttentionTrace } from "../../trace/attention-trace.js";
import { groupOf, naiveAttention } from "../naive-attention.js";
import { randomTrace } from "../random-trace.js";
import { selectionsOf, type Chosen } from "../selections.js";
import { range } from "./naive-lane.js";
import { expectBest, mean, naiveAveragePool, naiveRow } from "./naive-rows.js";

/** CAKE against a naive one written from its definition. */

const P = 53;
const STEPS = 30;
const WINDOW = 6;
const LAYERS = 3;
const HEADS = 4; // query heads, of 2 KV heads
const RULES = { budget: 20, window: WINDOW, kernel: 3, gamma: 50, tau1: 1.6, tau2: 0.8 };

function variance(values: readonly number[]): number {
  const middle = mean(values);
  return values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1);
}

/** Attention of one query head's last prompt queries: [window][prompt]. */
function windowOf(trace: AttentionTrace, layer: number, queryHead: number): number[][] {
  return range(P - WINDOW, P).map((position) => {
    const row = naiveRow(trace, layer, queryHead, position);
    return range(0, P).map((j) => row[j] ?? 0);
  });
}

function preference(trace: AttentionTrace, layer: number): number {
  let [entropy, spread] = [0, 0];
  for (let queryHead = 0; queryHead < HEADS; queryHead++) {
    const rows = windowOf(trace, layer, queryHead);
    for (let j = 0; j < P - WINDOW; j++) {
      for (const row of rows) entropy -= row[j]! * Math.log(row[j]! + 1e-10);
      spread += variance(rows.map((row) => row[j]!));
    }
  }
  return entropy ** (1 / RULES.tau1) * spread ** (1 / RULES.tau2);
}

/** Follows the choices of one KV head, each checked against the scores. */
function followDecoding(
  trace: AttentionTrace,
  layer: number,
  head: number,
  steps: readonly Chosen[],
  own: number,
): void {
  let held = range(0, P);
  steps.forEach(({ read, kept }, step) => {
    const position = P + step;
    held.push(position);
    expect(read).toEqual(held);
    const attention = naiveAttention(trace, layer, groupOf(trace, head), position, held);
    if (step === 0) held = [...promptOf(trace, layer, head, own), ...range(P - WINDOW, P + 1)];
    const older = held.slice(0, -WINDOW);
    const pooled = naiveAveragePool(
      older.map((j) => attention[j]!),
      1,
    );
    expect(kept.slice(-WINDOW)).toEqual(held.slice(-WINDOW));
    expectBest(kept.slice(0, -WINDOW), older, (j) => pooled[older.indexOf(j)]!, own, "either");
    held = [...kept];
  });
}

function promptOf(trace: AttentionTrace, layer: number, head: number, own: number): number[] {
  const scores = groupOf(trace, head).map((queryHead) => {
    const rows = windowOf(trace, layer, queryHead);
    const score = range(0, P - WINDOW).map((j) => {
      const column = rows.map((row) => row[j]!);
      return mean(column) + RULES.gamma * variance(column);
    });
    return naiveAveragePool(score, 1);
  });
  const score = (j: number): number => mean(scores.map((ofHead) => ofHead[j]!));
  return range(0, P - WINDOW)
    .toSorted((a, b) => score(b) - score(a) || a - b)
    .slice(0, own)
    .toSorted((a, b) => a - b);
}

test.each([1, 2, 3, 4])("cake shares memory between layers and drops by the newest query, seed %i", (seed) => {
  const trace = randomTrace(seed, { promptTokens: P, steps: STEPS, layers: LAYERS });
  const chosen = selectionsOf(trace, createPolicy("cake", POLICIES.cake, RULES));
  const claims = range(0, LAYERS).map((layer) => preference(trace, layer));
  const total = LAYERS * (20 - WINDOW);
  const sum = claims.reduce((a, b) => a + b, 0);
  const budgets = claims.map((claim) => Math.floor((claim / sum) * total)); // all far below the limit of 47
  const spare = total - budgets.reduce((a, b) => a + b, 0);
  budgets.forEach((_, layer) => (budgets[layer]! += layer < spare ? 1 : 0));
  let held = 0;
  for (let layer = 0; layer < LAYERS; layer++) {
    for (let head = 0; head < 2; head++) {
      const steps = chosen.get(`${layer}/${head}`)!;
      followDecoding(trace, layer, head, steps, budgets[layer]!);
      held += steps.at(-1)!.kept.length;
    }
  }
  expect(held).toBe(2 * LAYERS * 20); // mean over layers: the budget
});

test("cake: layers are alike after a prompt of up to budget + window tokens", () => {
  const trace = randomTrace(5, { promptTokens: 26, steps: 20, layers: 2 });
  for (const [place, steps] of selectionsOf(trace, createPolicy("cake", POLICIES.cake, RULES))) {
    expect([place, ...steps.map(({ kept }) => kept.length)]).toEqual([place, ...steps.map(() => 20)]);
    expect(steps.map(({ read }) => read.length)).toEqual(steps.map((_, step) => (step === 0 ? 27 : 21)));
  }
});

test("cake: dense layers take no part in the sharing", () => {
  const trace = randomTrace(6, { promptTokens: P, steps: 2, layers: LAYERS });
  const chosen = selectionsOf(trace, createPolicy("cake", POLICIES.cake, { ...RULES, denseLayers: 1 }));
  expect(chosen.get("0/0")!.at(-1)!.kept.length).toBe(P + 2);
  const held = [1, 2].map((layer) => chosen.get(`${layer}/0`)!.at(-1)!.kept.length);
  expect(held[0]! + held[1]!).toBe(2 * 20);
});

test("cake's budgets add up to the total, unless all layers are full", () => {
  expect(shareBudgets([1, 1, 2], 100, 1000)).toEqual([25, 25, 50]);
  expect(shareBudgets([1, 1, 1], 100, 1000)).toEqual([34, 33, 33]);
  // 90 of 100 asked, 40 fit: 50 over go to the two others, 5 + 25 each
  expect(shareBudgets([90, 5, 5], 100, 40)).toEqual([40, 30, 30]);
  expect(shareBudgets([90, 5, 5], 300, 100)).toEqual([100, 100, 100]);
  expect(shareBudgets([0, 0], 11, 100)).toEqual([6, 5]);
});
