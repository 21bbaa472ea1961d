import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { resolvePolicies } from "../cli/resolve.js";
import { RangeSet } from "../core/range-set.js";
import { DENSE_LANES } from "../policy/dense-lane.js";
import type { Lane } from "../policy/lane.js";
import type { LayerFootprint, Policy } from "../policy/policy.js";
import { createPolicy, POLICIES, type PolicyName } from "../policy/table.js";
import { anyPolicy } from "../test/any-policy.js";
import { randomTrace } from "../test/random-trace.js";
import { laneViolations } from "./conformance.js";

const SEED = 20_250_531;
const NAMES = (Object.keys(POLICIES) as PolicyName[]).filter((name) => createPolicy(name, POLICIES[name], {}).lanes);

const traces = fc
  .record({
    seed: fc.integer({ min: 1, max: 1_000_000 }),
    promptTokens: fc.integer({ min: 1, max: 130 }),
    steps: fc.integer({ min: 1, max: 90 }),
    kvHeads: fc.integer({ min: 1, max: 2 }),
    group: fc.integer({ min: 1, max: 2 }),
  })
  .map(({ seed, ...shape }) => ({ seed, ...shape, layers: 2, headDim: 4 }));

test.each(NAMES)("%s obeys the laws of lanes", (name) => {
  const policies = anyPolicy(name, 8).map((policy): Policy => ({ ...policy, denseLayers: 0 }));
  fc.assert(
    fc.property(policies, traces, (policy, { seed, ...shape }) => {
      expect(laneViolations(policy, randomTrace(seed, shape), seed)).toEqual([]);
    }),
    { numRuns: 12, seed: SEED },
  );
});

test("the first layers may be dense; laws are of the others", () => {
  const trace = randomTrace(1, { promptTokens: 40, steps: 30, layers: 2 });
  for (const denseLayers of [0, 1, 2]) {
    const policy = createPolicy("h2o", POLICIES.h2o, { budget: 16, denseLayers });
    expect(laneViolations(policy, trace)).toEqual([]);
  }
});

const trace = randomTrace(2, { promptTokens: 10, steps: 6 });
const dense = createPolicy("dense", POLICIES.dense, {});

/** Dense, with its lane changed. */
function bent(change: (lane: Lane) => Partial<Lane>): string {
  const start = (prompt: Parameters<typeof DENSE_LANES.start>[0]): Lane => {
    const lane = DENSE_LANES.start(prompt);
    return {
      held: lane.held,
      select: (step) => lane.select(step),
      update: (step, attention) => lane.update(step, attention),
      ...change(lane),
    };
  };
  return laneViolations({ ...dense, lanes: { ...DENSE_LANES, start } }, trace).join("\n");
}

function footprintOf(change: (print: LayerFootprint) => Partial<LayerFootprint>, dataDependent?: true): string {
  const footprint: Policy["footprint"] = (lengths) => ({
    ...dense.footprint(lengths),
    ...change(dense.footprint(lengths)),
  });
  return laneViolations({ ...dense, footprint, ...(dataDependent ? { dataDependent } : {}) }, trace).join("\n");
}

test("the laws have teeth", () => {
  expect(bent(() => ({}))).toBe("");
  expect(bent((lane) => ({ select: (step) => (lane.select(step), RangeSet.of([0, 5])) }))).toBe(
    "policy dense: breaks the laws of lanes: does not read up to the newest token at step 0",
  );
  expect(bent(() => ({ select: () => RangeSet.of([0, 11]) }))).toContain("reads what it does not hold at step 0");
  const forgetful = (lane: Lane): Partial<Lane> => ({
    update({ step }) {
      lane.held.clear();
      if (step > 1) lane.held.push(0);
      lane.held.push(5, 11 + step);
    },
  });
  expect(bent(forgetful)).toContain("holds what it had evicted at step 2");
  expect(bent((lane) => ({ update: () => lane.held.remove(lane.held.start(0)) }))).toBe(
    "dense at step 1: holds 11 tokens, resident is 12\ndense at step 1: reads 11 tokens, read is 12",
  );
  expect(
    bent((lane) => ({ select: ({ position }) => (lane.held.push(position), RangeSet.of([position, position + 1])) })),
  ).toBe("dense at step 0: reads 1 tokens, read is 11");
});

test("a policy whose counts depend on the attention stays within its footprint", () => {
  const more = ({ read }: LayerFootprint) => ({
    read: { ...read, now: read.now + 3 },
    resident: { ...read, now: read.now + 9 },
  });
  const less = ({ read }: LayerFootprint) => ({ read: { ...read, now: read.now - 3 } });
  expect(footprintOf(more)).toContain("dense at step 0: holds 11 tokens, resident is 20");
  expect(footprintOf(more, true)).toBe("");
  expect(footprintOf(less, true)).toBe("dense at step 0: reads 11 tokens, read is 8");
});

const OUTSIDE = `
import { RangeSet } from "RANGE_SET";
const zero = { now: 0, perStep: 0 };
export default {
  title: "keeps the prompt and the newest token",
  source: "by hand",
  parameters: { extra: { kind: "integer", default: 0, min: 0, max: 1, help: "tokens the footprint forgets" } },
  create: ({ extra }) => ({
    label: "Prompt only",
    indexPageTokens: 0,
    work: { materialisesScores: false, representativeShare: 0, selects: false, compressEverySteps: 0, comparesKeys: false },
    notes: [],
    footprint: ({ prompt }) => {
      const line = { now: prompt + 1 - extra, perStep: 0 };
      return { resident: line, read: line, scored: zero, steadyFor: Infinity };
    },
    lanes: {
      needs: ["attention"], group: "kv-head", observes: false, lookback: 0,
      start({ promptTokens }) {
        const held = RangeSet.of([0, promptTokens]);
        return {
          held,
          select({ position }) { held.push(position); return held; },
          update({ position }) { held.remove(position); },
        };
      },
    },
  }),
};
`;

test("a policy from outside, loaded by its path, is held to the same laws", async () => {
  const folder = mkdtempSync(join(tmpdir(), "raas-sim-"));
  try {
    const rangeSet = new URL("../../dist/core/range-set.js", import.meta.url).href; // another copy of the class
    const path = join(folder, "mine.mjs");
    writeFileSync(path, OUTSIDE.replace("RANGE_SET", rangeSet));
    const [sound, wrong] = await resolvePolicies([path, `${path}:extra=1`]);
    expect(laneViolations(sound as Policy, trace)).toEqual([]);
    expect(laneViolations(wrong as Policy, trace)).toEqual([
      `${path}:extra=1 at step 0: holds 11 tokens, resident is 10`,
      `${path}:extra=1 at step 0: reads 11 tokens, read is 10`,
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
