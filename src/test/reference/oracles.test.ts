import fc from "fast-check";
import { expect, test } from "vitest";
import { stream } from "../../core/rng.js";
import { mergedTrace } from "../../attention/merged-trace.js";
import { bestEviction } from "../../policy/best-eviction.js";
import type { ParameterValue, Policy } from "../../policy/policy.js";
import { createPolicy, POLICIES, type PolicyName } from "../../policy/table.js";
import { makeKernel, replay } from "../../replay/replay.js";
import type { PolicyQuality } from "../../replay/quality.js";
import type { AttentionTrace } from "../../trace/attention-trace.js";
import { groupOf, naiveAttention } from "../naive-attention.js";
import { randomTrace } from "../random-trace.js";
import { selectionsOf } from "../selections.js";
import { range } from "./naive-lane.js";
import { expectBest } from "./naive-rows.js";

/** Oracles against their definitions, and the laws that make them bounds. */

const SEEDS = [1, 2, 3];
const ROUNDING = 1e-6;

function policy(name: PolicyName, values: Record<string, ParameterValue>): Policy {
  return createPolicy(name, POLICIES[name], values);
}

function qualityOf(trace: AttentionTrace, policies: readonly Policy[]): readonly PolicyQuality[] {
  return replay(trace, policies, { outputError: false }).policies;
}

test.each(SEEDS)("oracle-topk and oracle-topp read what has most attention, seed %i", (seed) => {
  const P = 25;
  const trace = randomTrace(seed, { promptTokens: P, steps: 50 });
  const topk = selectionsOf(trace, policy("oracle-topk", { budget: 20 }));
  const topp = selectionsOf(trace, policy("oracle-topp", { p: 0.7 }));
  for (let head = 0; head < 2; head++) {
    for (let step = 0; step < 50; step++) {
      const position = P + step;
      const attention = naiveAttention(trace, 0, groupOf(trace, head), position, range(0, position + 1));
      for (const { kept, read } of [topk, topp].map((chosen) => chosen.get(`0/${head}`)![step]!)) {
        expect(kept).toEqual(range(0, position + 1));
        expect(read.at(-1)).toBe(position);
        expectBest(read.slice(0, -1), range(0, position), (j) => attention[j]!, read.length - 1);
      }
      expect(topk.get(`0/${head}`)![step]!.read.length).toBe(20);
      const shares = topp.get(`0/${head}`)![step]!.read.map((j) => attention[j]!);
      const mass = shares.reduce((a, b) => a + b, 0);
      expect(mass).toBeGreaterThan(0.7 - ROUNDING);
      expect(mass - Math.min(...shares.slice(0, -1))).toBeLessThan(0.7 + ROUNDING); // none too many
    }
  }
});

test.each(SEEDS)("no policy that reads as many tokens recalls more than oracle-topk in any step, seed %i", (seed) => {
  const trace = randomTrace(seed, { promptTokens: 20, steps: 100 });
  const budget = 24;
  // An eviction policy reads its budget and the new token
  const pairs: readonly (readonly [Policy, Policy])[] = [
    ...(["h2o", "tova", "streaming-llm", "random", "oracle-clairvoyant"] as const).map(
      (name) => [policy(name, { budget }), policy("oracle-topk", { budget: budget + 1 })] as const,
    ),
    [policy("quest", { budget, page: 4, denseLayers: 0 }), policy("oracle-topk", { budget })],
    [policy("quest-oracle", { budget, page: 4, denseLayers: 0 }), policy("oracle-topk", { budget })],
    [policy("seerattention-r", { budget, page: 4 }), policy("oracle-topk", { budget })],
  ];
  for (const pair of pairs) {
    const [some, oracle] = qualityOf(trace, pair) as [PolicyQuality, PolicyQuality];
    some.steps.recall.forEach((recall, step) => {
      expect(some.steps.readTokens[step]).toBeLessThanOrEqual(oracle.steps.readTokens[step]!);
      expect(recall).toBeLessThanOrEqual(oracle.steps.recall[step]! + ROUNDING);
    });
  }
});

test("oracle-topp has at least the share p in every step", () => {
  const trace = randomTrace(4, { promptTokens: 20, steps: 60 });
  for (const p of [0, 0.3, 0.85, 0.99, 1]) {
    const [quality] = qualityOf(trace, [policy("oracle-topp", { p })]) as [PolicyQuality];
    for (const recall of quality.steps.recall) expect(recall).toBeGreaterThan(p - ROUNDING);
    expect(quality.oracle).toBe("step");
  }
});

/** What can be kept at best, by trying all: entries of the prompt and one more each step, `gain[step][entry]`. */
function exhaustive(gain: readonly (readonly number[])[], prompt: number, budget: number): number {
  let states = new Map([[range(0, prompt).join(), 0]]);
  gain.forEach((row, step) => {
    const next = new Map<string, number>();
    for (const [key, value] of states) {
      const held = key.split(",").filter(Boolean).map(Number);
      const drawn = step === 0 ? 0 : held.reduce((sum, j) => sum + row[j]!, 0);
      for (const kept of subsets([...held, prompt + step], budget)) {
        const name = kept.join();
        next.set(name, Math.max(next.get(name) ?? -Infinity, value + drawn));
      }
    }
    states = next;
  });
  return Math.max(...states.values());
}

function subsets(of: readonly number[], size: number): number[][] {
  if (of.length <= size) return [[...of]];
  if (size === 0) return [[]];
  const [first, ...rest] = of as [number, ...number[]];
  return [...subsets(rest, size - 1).map((chosen) => [first, ...chosen]), ...subsets(rest, size)];
}

/** Keeps what has most left to draw: what one might take for the best. */
function greedy(gain: readonly (readonly number[])[], prompt: number, budget: number): number {
  let held = range(0, prompt);
  let total = 0;
  gain.forEach((row, step) => {
    if (step > 0) total += held.reduce((sum, j) => sum + row[j]!, 0);
    const rest = (j: number): number => gain.slice(step + 1).reduce((sum, later) => sum + later[j]!, 0);
    held = [...held, prompt + step].toSorted((a, b) => rest(b) - rest(a)).slice(0, budget);
  });
  return total;
}

test("the best eviction is the best of all there are; greed is not", () => {
  let worst = 1;
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1e6 }),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 2, max: 7 }),
      fc.integer({ min: 1, max: 3 }),
      fc.constantFrom(1, 0.6, 0.3),
      (seed, prompt, steps, budget, density) => {
        const rng = stream(seed, "gains");
        const draw = (): number => (rng() < density ? Math.floor(rng() ** 3 * 64) : 0);
        const gain = range(0, steps).map((step) => range(0, prompt + step + 1).map(draw));
        const arrival = range(0, prompt + steps).map((j) => Math.max(0, j - prompt));
        const worth = arrival.map((first, j) => {
          const draws = range(first + 1, steps).map((step) => gain[step]![j]!);
          return Float32Array.from([0, ...draws.map((_, i) => draws.slice(0, i + 1).reduce((a, b) => a + b, 0))]);
        });
        const until = bestEviction(arrival, worth, steps - 1, budget);
        for (let step = 0; step < steps - 1; step++) {
          const held = arrival.filter((first, j) => first <= step && until[j]! > step);
          expect(held.length).toBeLessThanOrEqual(budget);
        }
        const total = worth.reduce((sum, ofEntry, j) => sum + ofEntry[until[j]! - arrival[j]!]!, 0);
        expect(total).toBe(exhaustive(gain, prompt, budget));
        const simple = greedy(gain, prompt, budget);
        expect(simple).toBeLessThanOrEqual(total);
        if (total > 0) worst = Math.min(worst, simple / total);
      },
    ),
    { numRuns: 300, seed: 20_260_611 },
  );
  expect(worst).toBeLessThan(0.8);
});

test.each(SEEDS)("no eviction of the same memory recalls more in all than oracle-clairvoyant, seed %i", (seed) => {
  for (const [promptTokens, steps, budget] of [
    [10, 120, 16],
    [60, 80, 24],
  ] as const) {
    const trace = randomTrace(seed, { promptTokens, steps, layers: 1 });
    const names = ["h2o", "tova", "streaming-llm", "random", "cake"] as const;
    const [best, ...others] = qualityOf(trace, [
      policy("oracle-clairvoyant", { budget }),
      ...names.map((name) => policy(name, name === "cake" ? { budget, window: 6 } : { budget })),
      policy("sliding-window", { window: budget }),
      policy("raas", { budget, page: 1, pinPrefill: false }),
    ]) as [PolicyQuality, ...PolicyQuality[]];
    expect(best.oracle).toBe("future");
    expect(best.heldTokens.max).toBe(Math.max(budget + 1, promptTokens + 1));
    for (const other of others) {
      expect(other.heldTokens.max).toBeLessThanOrEqual(best.heldTokens.max);
      expect(other.recall.mean).toBeLessThan(best.recall.mean);
    }
    // its own bound: the same reads, taken from everything
    const [above] = qualityOf(trace, [policy("oracle-topk", { budget: budget + 1 })]) as [PolicyQuality];
    const from = promptTokens > budget ? 1 : 0; // the first step reads all of a longer prompt
    const mean = (steps_: readonly number[]): number => steps_.slice(from).reduce((a, b) => a + b, 0) / steps_.length;
    expect(mean(above.steps.recall)).toBeGreaterThanOrEqual(mean(best.steps.recall) - ROUNDING);
  }
});

test("oracles see the same in a recording of merged rows alone", () => {
  const trace = randomTrace(9, { promptTokens: 30, steps: 60, layers: 2, group: 3 });
  const options = { groupReduction: "mean", scoreCoding: "linear", pageBounds: false } as const;
  const merged = mergedTrace(trace, options, () => makeKernel());
  const oracles = [
    policy("oracle-topk", { budget: 20 }),
    policy("oracle-topp", { p: 0.8 }),
    policy("quest-oracle", { budget: 20, page: 4, denseLayers: 0 }),
    policy("oracle-clairvoyant", { budget: 20 }),
  ];
  const [whole, alone] = [qualityOf(trace, oracles), qualityOf(merged, oracles)];
  whole.forEach(({ recall, readTokens }, i) => {
    // of scores made equal or unequal by rounding another may be chosen
    expect(alone[i]!.recall.mean).toBeCloseTo(recall.mean, 3);
    expect(alone[i]!.readTokens.mean).toBeCloseTo(readTokens.mean, 1);
  });
});
