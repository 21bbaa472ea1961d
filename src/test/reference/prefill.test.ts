import { expect, test } from "vitest";
import { headBudgets } from "../../policy/adakv.js";
import { pyramidBudget } from "../../policy/pyramidkv.js";
import { createPolicy, POLICIES, type PolicyName } from "../../policy/table.js";
import type { AttentionTrace } from "../../trace/attention-trace.js";
import { groupOf } from "../naive-attention.js";
import { randomTrace } from "../random-trace.js";
import { selectionsOf, type Chosen } from "../selections.js";
import { range } from "./naive-lane.js";
import { expectBest, mean, naiveAveragePool, naiveRow } from "./naive-rows.js";

/** Policies that compress the prompt once, against naive ones written from their definitions. */

const SEEDS = [1, 2, 3];
const P = 61;
const STEPS = 12;
const WINDOW = 7;
const RULES = { budget: 24, window: WINDOW, kernel: 3 };
const OLDER = P - WINDOW;

function traceOf(seed: number, layers = 1): AttentionTrace {
  return randomTrace(seed, { promptTokens: P, steps: STEPS, layers, kvHeads: 3 });
}

/** Mean over the prompt's last queries of one query head's attention on each token before them. */
function votesOfHead(trace: AttentionTrace, layer: number, queryHead: number): number[] {
  const rows = range(P - WINDOW, P).map((position) => naiveRow(trace, layer, queryHead, position));
  return range(0, OLDER).map((j) => mean(rows.map((row) => row[j] ?? 0)));
}

function maxPool(values: readonly number[], reach: number): number[] {
  return values.map((_, i) => Math.max(...range(i - reach, i + reach + 1).map((j) => values[j] ?? -Infinity)));
}

/** Expects that the prompt was cut to the best `most` and the window after the first step, and nothing else was. */
function expectCut(
  steps: readonly Chosen[],
  votes: readonly number[],
  most: number,
  ties: "lower taken" | "either" = "either",
): void {
  const kept = steps[0]!.kept;
  expect(steps[0]!.read).toEqual(range(0, P + 1));
  expect(kept.filter((j) => j >= OLDER)).toEqual(range(OLDER, P + 1));
  expectBest(
    kept.filter((j) => j < OLDER),
    range(0, OLDER),
    (j) => votes[j]!,
    most,
    ties,
  );
  steps.slice(1).forEach((step, i) => {
    const grown = [...kept, ...range(P + 1, P + i + 2)];
    expect(step).toEqual({ read: grown, kept: grown });
  });
}

test.each(SEEDS)("snapkv keeps what the last queries attend to, seed %i", (seed) => {
  const trace = traceOf(seed);
  const chosen = selectionsOf(trace, createPolicy("snapkv", POLICIES.snapkv, RULES));
  const largest = selectionsOf(
    trace,
    createPolicy("snapkv", POLICIES.snapkv, { ...RULES, groupReduction: "max", pooling: "max" }),
  );
  const single = selectionsOf(trace, createPolicy("snapkv", POLICIES.snapkv, { ...RULES, headGroup: "queryHead" }));
  for (let head = 0; head < 3; head++) {
    const heads = groupOf(trace, head);
    const votes = heads.map((queryHead) => votesOfHead(trace, 0, queryHead));
    const means = range(0, OLDER).map((j) => mean(votes.map((ofHead) => ofHead[j]!)));
    const maxima = range(0, OLDER).map((j) => Math.max(...votes.map((ofHead) => ofHead[j]!)));
    expectCut(chosen.get(`0/${head}`)!, naiveAveragePool(means, 1), 24 - WINDOW);
    expectCut(largest.get(`0/${head}`)!, maxPool(maxima, 1), 24 - WINDOW, "lower taken");
    heads.forEach((queryHead, i) => {
      expectCut(single.get(`0/${head}/${queryHead}`)!, naiveAveragePool(votes[i]!, 1), 24 - WINDOW);
    });
  }
});

test.each<PolicyName>(["snapkv", "pyramidkv", "adakv"])("%s leaves a prompt within budget alone", (name) => {
  const policy = createPolicy(name, POLICIES[name], { ...RULES, budget: P });
  for (const steps of selectionsOf(traceOf(1), policy).values()) {
    expect(steps.map(({ kept }) => kept)).toEqual(range(1, STEPS + 1).map((t) => range(0, P + t)));
  }
});

test.each(SEEDS)("pyramidkv gives early layers more, seed %i", (seed) => {
  const trace = traceOf(seed, 4);
  const policy = createPolicy("pyramidkv", POLICIES.pyramidkv, { ...RULES, beta: 3 });
  const chosen = selectionsOf(trace, policy);
  // mean 17: last layer floor(17 / 3) = 5, first 34 - 5 = 29, steps of (29 - 5) / 3 = 8
  const budgets = [29, 21, 13, 5];
  for (let layer = 0; layer < 4; layer++) {
    for (let head = 0; head < 3; head++) {
      const votes = groupOf(trace, head).map((queryHead) => votesOfHead(trace, layer, queryHead));
      const means = range(0, OLDER).map((j) => mean(votes.map((ofHead) => ofHead[j]!)));
      expectCut(chosen.get(`${layer}/${head}`)!, naiveAveragePool(means, 1), budgets[layer]!);
    }
  }
});

test("pyramidkv's layers add up to as many uniform ones, but for rounding", () => {
  for (const [budget, window, beta] of [
    [1024, 32, 20],
    [2048, 64, 7],
    [96, 8, 20],
  ] as const) {
    for (const layers of [1, 2, 28, 32, 61]) {
      for (const prompt of [budget + 1, budget + 40, 2 * budget - window, 4 * budget]) {
        const each = range(0, layers).map((layer) => pyramidBudget({ budget, window, beta }, prompt, layer, layers));
        const sum = each.reduce((a, b) => a + b, 0);
        const spare = layers === 1 ? 0 : (2 * (each[0]! - (budget - window))) % (layers - 1);
        if (layers > 1) expect(sum).toBe(layers * (budget - window) + (layers * spare) / 2);
        expect(Math.max(...each)).toBeLessThanOrEqual(prompt - window);
        expect(Math.min(...each)).toBeGreaterThan(0);
        expect(each.toSorted((a, b) => b - a)).toEqual(each);
      }
    }
  }
});

test.each(SEEDS)("adakv shares a layer's tokens between its heads, seed %i", (seed) => {
  const trace = traceOf(seed);
  const base = 24 - WINDOW;
  for (const floorAlpha of [0, 0.2, 0.5]) {
    const chosen = selectionsOf(trace, createPolicy("adakv", POLICIES.adakv, { ...RULES, floorAlpha }));
    const votes = range(0, 3).map((head) => {
      const ofHeads = groupOf(trace, head).map((queryHead) => votesOfHead(trace, 0, queryHead));
      return maxPool(
        range(0, OLDER).map((j) => mean(ofHeads.map((ofHead) => ofHead[j]!))),
        1,
      );
    });
    const all = votes.flatMap((ofHead, head) => ofHead.map((vote, j) => ({ vote, head, j })));
    all.sort((a, b) => b.vote - a.vote || a.head - b.head || a.j - b.j);
    for (let head = 0; head < 3; head++) {
      const won = all.slice(0, 3 * base).filter((entry) => entry.head === head).length;
      const asked = won * (1 - floorAlpha) + floorAlpha * base;
      const kept = chosen.get(`0/${head}`)![0]!.kept.filter((j) => j < OLDER).length;
      expect(Math.abs(kept - asked)).toBeLessThanOrEqual(0.5);
      expectCut(chosen.get(`0/${head}`)!, votes[head]!, kept, "lower taken");
    }
  }
});

test("adakv's budgets: halves go to the even number, the sum is the layer's", () => {
  // head 0 has the six best votes, head 1 the next two: 6 and 2 of 2 · 4
  const votes = [
    [9, 9, 9, 9, 9, 9, 0, 0],
    [8, 8, 1, 1, 1, 1, 1, 1],
  ];
  expect(headBudgets(votes, 4, 0)).toEqual([6, 2]);
  expect(headBudgets(votes, 4, 0.5)).toEqual([5, 3]);
  expect(headBudgets(votes, 4, 1)).toEqual([4, 4]);
  // 6 · 0.75 + 1 = 5.5 and 2 · 0.75 + 1 = 2.5
  expect(headBudgets(votes, 4, 0.25)).toEqual([6, 2]);
  // of equal votes the lower head wins, then the lower token: 8 of 2 · 3 = 6
  expect(headBudgets([new Float64Array(8), new Float64Array(8)], 3, 0)).toEqual([6, 0]);
});
