import fc from "fast-check";
import { expect, test } from "vitest";
import { mergedTrace } from "../attention/merged-trace.js";
import { openRows } from "../attention/open-rows.js";
import type { Policy } from "../policy/policy.js";
import { createPolicy, POLICIES, type PolicyName } from "../policy/table.js";
import { anyPolicy } from "../test/any-policy.js";
import { naiveLogits } from "../test/naive-attention.js";
import { randomTrace } from "../test/random-trace.js";
import { rowsTrace, scripted, weightedTrace } from "../test/scripted.js";
import type { PolicyQuality } from "./quality.js";
import { makeKernel, replay } from "./replay.js";

/** Measures against sums done by hand, and laws that hold whatever the attention. */

const only = (policies: readonly PolicyQuality[]): PolicyQuality => policies[0] as PolicyQuality;

/** Two query heads; weights on the positions so far: 4 1 2 1 8 and 1 1 1 1 1. Position 0 is evicted after step 0. */
const BY_HAND = {
  trace: weightedTrace(
    2,
    [
      [4, 1, 2, 1, 8],
      [1, 1, 1, 1, 1],
    ],
    [
      [1, 0, 0, 0],
      [0, 1, 0, 0],
      [0, 0, 1, 0],
      [0, 0, 0, 1],
      [1, 1, 1, 1],
    ],
  ),
  policy: scripted([
    { read: [0, 1, 2], kept: [1, 2] },
    { read: [1, 2, 3], kept: [1, 2, 3] },
    { read: [3, 4], kept: [1, 3, 4] },
  ]),
  settings: { theta: 0.2, topK: 2, phoenixGapSteps: 1 },
};

test("recall, top-k recall, output error and misses of three steps, by hand", () => {
  for (const kernel of ["wasm-simd", "typescript"] as const) {
    const { trace, policy, settings } = BY_HAND;
    const { steps, ...quality } = only(replay(trace, [policy], settings, {}, () => makeKernel(kernel)).policies);
    // step 1: 1 - 4/8 and 1 - 1/4 of the attention; step 2: 9/16 and 2/5
    const recall = [1, (1 / 2 + 3 / 4) / 2, (9 / 16 + 2 / 5) / 2];
    steps.recall.forEach((share, step) => expect(share).toBeCloseTo(recall[step] as number, 6));
    expect(quality.recall.mean).toBeCloseTo((1 + 0.625 + 0.48125) / 3, 6);
    expect(quality.recall.worst).toBeCloseTo(0.48125, 6);
    expect(quality.outputErrorBound).toBeCloseTo(2 * (1 - (1 + 0.625 + 0.48125) / 3), 6);
    // most attention, mean over query heads: positions 0 and 2 in steps 0 and 1, of which 2 is read; then 0 and 4
    expect(steps.topKRecall).toEqual([1, 0.5, 0.5]);
    // step 1, head 0: o = (4 1 2 1)/8, ô = (0 1 2 1)/4: as far apart as o is long; head 1: (1 1 1 1)/4, (0 1 1 1)/3
    const heads = [1, Math.sqrt(1 / 16 + 3 / 144) / Math.sqrt(4 / 16)];
    expect(steps.outputError?.[0]).toBeCloseTo(0, 6);
    expect(steps.outputError?.[1]).toBeCloseTo(((heads[0] as number) + (heads[1] as number)) / 2, 5);
    // step 2, head 0: o = (12 9 10 9)/16, ô = (8 8 8 9)/9; head 1: (2 2 2 2)/5, (1 1 1 2)/2
    const far = (o: readonly number[], p: readonly number[]): number =>
      Math.hypot(...o.map((x, c) => x - p[c]!)) / Math.hypot(...o);
    const last = [
      far(
        [12, 9, 10, 9].map((x) => x / 16),
        [8 / 9, 8 / 9, 8 / 9, 1],
      ),
      far([0.4, 0.4, 0.4, 0.4], [0.5, 0.5, 0.5, 1]),
    ];
    expect(steps.outputError?.[2]).toBeCloseTo(((last[0] as number) + (last[1] as number)) / 2, 5);
    // position 0 draws at least 0.2 of each step but is gone in steps 1 and 2; it was used in the step before each
    expect(steps.milestoneMisses).toEqual([0, 1, 1]);
    expect(steps.phoenixMisses).toEqual([0, 0, 0]);
    expect(steps.heldTokens).toEqual([3, 3, 4]);
    expect(steps.readTokens).toEqual([3, 3, 2]);
    expect(quality.heldTokens.max).toBe(4);
  }
});

test("the fifth percentile and the worst recall of 41 steps", () => {
  const missing = Array.from({ length: 41 }, (_, step) => ((step * 17) % 41) / 100); // each of 0 … 0.40 once
  const trace = rowsTrace(
    1,
    missing.map((share, step) => [share, ...Array.from({ length: step + 1 }, () => (1 - share) / (step + 1))]),
  );
  const without = missing.map((_, step) => Array.from({ length: step + 1 }, (_, i) => i + 1));
  const policy = scripted(without.map((kept, step) => ({ kept, read: step === 0 ? [0, 1] : kept })));
  const { recall } = only(replay(trace, [policy]).policies);
  expect(recall.worst).toBeCloseTo(0.6, 6);
  // of 41 values 5 % of 40 lie below the third smallest
  expect(recall.p5).toBeGreaterThan(0.62 - 1.1e-4);
  expect(recall.p5).toBeLessThanOrEqual(0.62 + 1e-6);
});

test("a position used again after its gap is a phoenix; one never used since the prompt too", () => {
  const row = (used: number, length: number): number[] =>
    Array.from({ length }, (_, j) => (j === used ? 0.9 : 0.1 / (length - 1)));
  // position 0 is used in steps 0 and 4, position 1 in step 5 for the first time
  const trace = rowsTrace(2, [row(0, 3), row(3, 4), row(4, 5), row(5, 6), row(0, 7), row(1, 8)]);
  const all = (length: number): number[] => Array.from({ length }, (_, j) => j);
  const policy = scripted([
    { read: all(3), kept: [2] },
    ...[3, 4, 5, 6, 7].map((newest) => ({ read: [newest], kept: [newest] })),
  ]);
  const phoenix = (phoenixGapSteps: number): readonly number[] =>
    only(replay(trace, [policy], { theta: 0.5, phoenixGapSteps }).policies).steps.phoenixMisses;
  expect(only(replay(trace, [policy], { theta: 0.5 }).policies).steps.milestoneMisses).toEqual([0, 0, 0, 0, 1, 1]);
  expect(phoenix(3)).toEqual([0, 0, 0, 0, 1, 1]); // 4 steps since step 0; 6 since the prompt
  expect(phoenix(4)).toEqual([0, 0, 0, 0, 0, 1]);
  expect(phoenix(6)).toEqual([0, 0, 0, 0, 0, 0]);
});

const NAMES = (Object.keys(POLICIES) as PolicyName[]).filter((name) => createPolicy(name, POLICIES[name], {}).lanes);

test("shares lie between 0 and 1; dense loses nothing; the best choice of as many tokens is no worse than any other", () => {
  const policies = fc.tuple(...NAMES.map((name) => anyPolicy(name, 6)));
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000_000 }), policies, (seed, drawn) => {
      const trace = randomTrace(seed, { promptTokens: 24, steps: 60, kvHeads: 2, group: 2 });
      const all = drawn.map((policy): Policy => ({ ...policy, denseLayers: 0 }));
      const best = createPolicy("oracle-topk", POLICIES["oracle-topk"], { budget: 32, denseLayers: 0 });
      const result = replay(trace, [...all, { ...best, name: "best" }], { theta: 0.05, seed });
      const named = (name: string): PolicyQuality =>
        result.policies.find(({ policy }) => policy === name) as PolicyQuality;
      for (const { policy, recall, topKRecall, steps, milestoneMisses, phoenixMisses } of result.policies) {
        const shares = [...steps.recall, ...steps.topKRecall, recall.mean, recall.p5, recall.worst, topKRecall];
        expect(
          shares.every((share) => share >= 0 && share <= 1 + 1e-9),
          policy,
        ).toBe(true);
        expect(recall.worst, policy).toBeLessThanOrEqual(recall.p5 + 1e-9);
        expect(phoenixMisses.total, policy).toBeLessThanOrEqual(milestoneMisses.total);
        expect(
          steps.outputError?.every((error) => error >= 0),
          policy,
        ).toBe(true);
      }
      expect(named("dense")).toMatchObject({ recall: { mean: 1, p5: 1, worst: 1 }, topKRecall: 1 });
      expect(named("dense").outputError?.max).toBe(0);
      expect(named("dense").milestoneMisses.total).toBe(0);
      const bound = named("best").steps;
      // those that give all KV heads as much as the bound has
      const alike = all.filter(({ lanes, dataDependent }) => {
        return lanes?.group !== "query-head" && lanes?.seesLayer === undefined && dataDependent === undefined;
      });
      for (const { name } of alike) {
        const { recall, readTokens } = named(name).steps;
        recall.forEach((share, step) => {
          if ((readTokens[step] as number) > (bound.readTokens[step] as number)) return;
          expect(share, `${name}, step ${step}`).toBeLessThanOrEqual((bound.recall[step] as number) + 1e-5);
        });
      }
    }),
    { numRuns: 6, seed: 20_260_101 },
  );
});

test("both kernels give the same figures, and the fast one is the one that is used", () => {
  const trace = randomTrace(5, { promptTokens: 30, steps: 80, headDim: 20, grain: 64 });
  const policies = (["streaming-llm", "dense"] as const).map((name) =>
    createPolicy(name, POLICIES[name], name === "dense" ? {} : { budget: 32 }),
  );
  const used: string[] = [];
  const kernel = (name?: "typescript"): ReturnType<typeof makeKernel> => {
    const made = makeKernel(name);
    used.push(made.name);
    return made;
  };
  const fast = replay(trace, policies, {}, {}, () => kernel());
  const slow = replay(trace, policies, {}, {}, () => kernel("typescript"));
  expect(used).toEqual(["wasm-simd", "wasm-simd", "typescript", "typescript"]); // one a KV head
  fast.policies.forEach(({ steps, milestoneMisses }, i) => {
    const other = slow.policies[i] as PolicyQuality;
    steps.recall.forEach((recall, step) => expect(recall).toBeCloseTo(other.steps.recall[step] as number, 5));
    steps.outputError?.forEach((e, step) => expect(e).toBeCloseTo(other.steps.outputError?.[step] as number, 4));
    expect(milestoneMisses).toEqual(other.milestoneMisses);
  });
});

test("a recording of merged rows gives what its queries and keys give", () => {
  const trace = randomTrace(11, { promptTokens: 40, steps: 70, grain: 64 });
  const merged = mergedTrace(trace, { groupReduction: "mean", scoreCoding: "linear", pageBounds: true }, makeKernel);
  const policies = (["dense", "streaming-llm", "h2o", "random"] as const).map((name) =>
    createPolicy(name, POLICIES[name], name === "dense" ? {} : { budget: 48 }),
  );
  const [ofKeys, ofRows] = [replay(trace, policies), replay(merged, policies)];
  for (const [i, { steps, policy }] of ofRows.policies.entries()) {
    const other = ofKeys.policies[i]?.steps as PolicyQuality["steps"];
    expect(steps.outputError).toBeUndefined();
    expect(steps.heldTokens, policy).toEqual(other.heldTokens);
    // H2O renormalises each query head in one and their mean in the other: its choices may differ
    if (policy.startsWith("h2o")) continue;
    steps.recall.forEach((recall, step) => expect(recall).toBeCloseTo(other.recall[step] as number, 5));
    expect(steps.milestoneMisses, policy).toEqual(other.milestoneMisses);
    expect(steps.topKRecall, policy).toEqual(other.topKRecall);
  }
});

test("page bounds are above every logit of their page, and reached by a page of one token", () => {
  const trace = randomTrace(3, { promptTokens: 9, steps: 40, kvHeads: 1, group: 1 });
  const wanted = { layer: 0, kvFrom: 0, kvTo: 1, lookback: 1, values: false, promptMass: false };
  const rows = openRows(trace, wanted, makeKernel());
  const scale = trace.metadata.softmaxScale as number;
  for (let position = 9; position < 49; position++) {
    rows.moveTo(position);
    const logits = naiveLogits(trace, 0, 0, position);
    const [pages, tokens] = [rows.pageBounds(0, 1, 16), rows.pageBounds(0, 1, 1)];
    logits.forEach((logit, j) => {
      expect((pages[j >> 4] as number) * scale).toBeGreaterThanOrEqual(logit - 1e-4);
      expect((tokens[j] as number) * scale).toBeCloseTo(logit, 4);
    });
  }
});

test("a part of the heads is measured as it is in the whole, also where a layer decides together", () => {
  const trace = randomTrace(8, { promptTokens: 20, steps: 40, layers: 2, kvHeads: 3 });
  const policies = [createPolicy("tova", POLICIES.tova, { budget: 16 })];
  const [whole] = replay(trace, policies).policies;
  const shown = new Set<number>();
  const part = replay(trace, policies, { layers: [1], heads: [0, 2] }, { show: (_, { head }) => shown.add(head) });
  const layer = whole?.layers[1];
  expect([...shown]).toEqual([0, 2]);
  expect(only(part.policies).layers[0]?.heads).toEqual(layer?.heads.filter(({ head }) => head !== 1));
  const mean = only(part.policies).steps.recall.reduce((sum, share) => sum + share, 0) / 40;
  expect(mean).toBeCloseTo(only(part.policies).recall.mean, 9);
});

test("notes say which replayed layers a policy leaves dense, and that a recording is of group maxima", () => {
  const trace = randomTrace(3, { promptTokens: 6, steps: 4, layers: 3 });
  const some = createPolicy("tova", POLICIES.tova, { budget: 16, denseLayers: 2 });
  const notes = (layers: readonly number[]): string => only(replay(trace, [some], { layers }).policies).notes.join();
  expect(notes([0, 1, 2])).toContain("Keeps and reads everything in layer 0 and 1 (denseLayers=2).");
  expect(notes([2])).not.toContain("denseLayers");
  const merged = (groupReduction: "mean" | "max"): string =>
    replay(mergedTrace(trace, { groupReduction, scoreCoding: "linear", pageBounds: false }, makeKernel), [
      some,
    ]).notes.join();
  expect(merged("max")).toContain("largest attention of a KV head's query heads");
  expect(merged("mean")).not.toContain("largest attention");
});
