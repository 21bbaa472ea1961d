import fc from "fast-check";
import { expect, test } from "vitest";
import { profileNames, resolvePolicies, resolveProfile } from "../cli/resolve.js";
import { at, type Line } from "../core/line.js";
import { OPERATORS, type Batch, type CostModel, type LayerGroup, type PrefillChunk } from "../cost/cost-model.js";
import { kernelCost } from "../cost/kernel-cost.js";
import { tunedTiles } from "../cost/moe-time.js";
import { MODELS } from "../model/shapes.js";
import type { Policy } from "../policy/policy.js";
import { POLICIES } from "../policy/table.js";
import { ENGINE_PRESETS, ENGINES, type EngineName, type EnginePreset } from "../serve/engine-presets.js";
import { footprint, layerGroups } from "../serve/layer-groups.js";
import { lowerBounds, type Deployment } from "./lower-bound.js";

/** Laws of what a step costs, over models, devices, policies and batches. fast-check prints the seed of a failure. */

const RUNS = { numRuns: 500, seed: 40 };
const profiles = profileNames().map(resolveProfile);
const policies = await resolvePolicies([...Object.keys(POLICIES), "raas:budget=512", "quest:budget=4096,page=64"]);
const dense = policies.find(({ kind }) => kind === "dense") as Policy;

interface Sequence {
  readonly prompt: number;
  readonly generated: number;
  readonly copies: number;
}

interface Case extends Deployment {
  readonly policy: Policy;
  readonly engine: EngineName;
  readonly asyncScheduling: boolean;
  readonly penalises: boolean;
  readonly graphSizes: readonly number[];
  readonly sequences: readonly Sequence[];
  readonly chunks: readonly PrefillChunk[];
}

const TPS = [1, 2, 4, 8];
const arbitrarySequence = fc.record({
  prompt: fc.integer({ min: 1, max: 20_000 }),
  generated: fc.integer({ min: 1, max: 40_000 }),
  copies: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 100 })), // bytes decide in small batches, FLOPs in large
});
const arbitraryChunk = fc.record({
  tokens: fc.integer({ min: 1, max: 4096 }),
  context: fc.integer({ min: 0, max: 20_000 }),
  emits: fc.boolean(),
});
const arbitraryCase: fc.Arbitrary<Case> = fc
  .record({
    model: fc.constantFrom(...Object.values(MODELS)),
    profile: fc.constantFrom(...profiles),
    policy: fc.constantFrom(...policies),
    weights: fc.constantFrom("auto", "fp8", "int4"),
    kvFormat: fc.constantFrom("bf16", "fp8"),
    tp: fc.constantFrom(...TPS),
    engine: fc.constantFrom(...ENGINES),
    asyncScheduling: fc.boolean(),
    penalises: fc.boolean(),
    graphSizes: fc.constantFrom([], [1, 2, 4, 8, 16, 64, 256]),
    sequences: fc.array(arbitrarySequence, { minLength: 1, maxLength: 6 }),
    chunks: fc.oneof(fc.constant([]), fc.array(arbitraryChunk, { maxLength: 3 })),
  })
  .map(({ weights, tp, ...rest }) => ({
    ...rest,
    weightFormat: weights === "auto" ? rest.model.weightFormat : weights,
    tp: rest.model.queryHeads % tp === 0 ? tp : 1,
  }));

function costOf({ policy, engine, ...deployment }: Case): CostModel {
  const { host, sampler, copiesCache }: EnginePreset = ENGINE_PRESETS[engine];
  return kernelCost({
    ...deployment,
    host,
    sampler,
    samplerWork: { filters: deployment.model.filtersLogits === true, penalises: deployment.penalises },
    copiesCache,
    groups: layerGroups(deployment.model, policy),
    work: policy.work,
    indexPageTokens: policy.indexPageTokens,
    budget: typeof policy.parameters["budget"] === "number" ? policy.parameters["budget"] : 0,
  });
}

/** The batch of a case, as a decode set sums it, and for how many steps its lines hold. */
function batchOf({
  model,
  policy,
  sequences,
  chunks,
}: Case): Batch & { steadyFor: number; groups: readonly LayerGroup[] } {
  const groups = layerGroups(model, policy);
  const sums = (): { now: number; perStep: number }[] => groups.map(() => ({ now: 0, perStep: 0 }));
  const [read, scored] = [sums(), sums()];
  let decodes = 0;
  let steadyFor = Infinity;
  for (const { copies, ...lengths } of sequences) {
    const print = footprint(groups, policy, lengths);
    decodes += copies;
    steadyFor = Math.min(steadyFor, print.steadyFor);
    add(read, print.read, copies);
    add(scored, print.scored, copies);
  }
  return { decodes, chunks, read, scored, steadyFor, groups };
}

function add(sums: { now: number; perStep: number }[], lines: readonly Line[], copies: number): void {
  sums.forEach((sum, g) => {
    sum.now += copies * (lines[g]?.now ?? NaN);
    sum.perStep += copies * (lines[g]?.perStep ?? NaN);
  });
}

const HOST = OPERATORS.indexOf("host");
const DECODE_ATTENTION = OPERATORS.indexOf("decode attention");

function step(each: Case): { now: number; device: number; parts: readonly number[] } {
  const { now, parts } = costOf(each).step(batchOf(each));
  return { now, device: now - (parts[HOST] ?? NaN), parts };
}

test("no step and no operator beats FLOPs at peak or bytes at peak bandwidth", () => {
  const closest = new Map<string, number>();
  const check = (name: string, seconds: number, bound: number): void => {
    expect(seconds, name).toBeGreaterThanOrEqual(bound);
    if (bound > 0) closest.set(name, Math.min(closest.get(name) ?? Infinity, seconds / bound));
  };
  fc.assert(
    fc.property(arbitraryCase, (each) => {
      const batch = batchOf(each);
      const bounds = lowerBounds(each, batch.groups, batch);
      const { device, parts } = step(each);
      check("step", device, bounds.total);
      OPERATORS.forEach((name, i) => check(name, parts[i] ?? NaN, bounds.operators[name] ?? 0));
    }),
    RUNS,
  );
  // The bounds are near enough to catch a mistake.
  expect(Object.fromEntries(closest)).toMatchObject({
    step: near(1.4),
    "linear layers": near(1.25),
    "LM head and sampling": near(1.4),
    "decode attention": near(1.1),
    "prefill attention": near(2.3),
  });
});

function near(limit: number): unknown {
  return expect.toSatisfy((ratio: number) => ratio < limit, `at most ${limit}`) as unknown;
}

test("parts sum to the total, to the last bit", () => {
  fc.assert(
    fc.property(arbitraryCase, (each) => {
      const { now, perStep, parts, partSlopes } = costOf(each).step(batchOf(each));
      expect(parts.reduce((sum, part) => sum + part, 0)).toBe(now);
      expect(partSlopes.reduce((sum, part) => sum + part, 0)).toBe(perStep);
      expect(Math.min(...parts)).toBeGreaterThanOrEqual(0);
    }),
    RUNS,
  );
});

test("a step's line holds for as many steps as it promises, to the last bit", () => {
  let promised = 0;
  fc.assert(
    fc.property(arbitraryCase, fc.double({ min: 0, max: 1, noNaN: true }), (each, share) => {
      const decoding = { ...each, chunks: [] };
      const batch = batchOf(decoding);
      const cost = costOf(decoding);
      const first = cost.step(batch);
      const steady = Math.min(first.steadyFor, batch.steadyFor, 100_000);
      expect(steady).toBeGreaterThanOrEqual(1);
      for (const steps of new Set([1, Math.floor(share * steady), steady - 1].filter((k) => k < steady))) {
        const later = (lines: readonly Line[]): Line[] => lines.map((line) => ({ ...line, now: at(line, steps) }));
        const then = cost.step({ ...batch, read: later(batch.read), scored: later(batch.scored) });
        expect(then.now).toBe(at(first, steps));
        expect(then.perStep).toBe(first.perStep);
        expect(then.parts).toEqual(first.parts.map((now, i) => now + steps * (first.partSlopes[i] ?? NaN)));
        promised++;
      }
    }),
    RUNS,
  );
  expect(promised).toBeGreaterThan(RUNS.numRuns);
});

test("more sequences, longer contexts and more prompt tokens never make a step shorter", () => {
  fc.assert(
    fc.property(arbitraryCase, arbitrarySequence, fc.integer({ min: 1, max: 5000 }), (each, sequence, more) => {
      // FlashAttention-2 gives a sequence to few thread blocks: the longest decides, and a batch knows the mean only.
      fc.pre(each.profile.decodeAttention.every(({ kernel }) => kernel !== "flash-attention-2"));
      const dense1 = { ...each, policy: dense };
      const now = step(dense1).now;
      const [first, ...others] = each.sequences as readonly [Sequence, ...Sequence[]];
      expect(step({ ...dense1, sequences: [...each.sequences, sequence] }).now).toBeGreaterThanOrEqual(now);
      const longer = [{ ...first, generated: first.generated + more }, ...others];
      expect(step({ ...dense1, sequences: longer }).now).toBeGreaterThanOrEqual(now);
      const chunk = { tokens: more, context: 0, emits: false };
      expect(step({ ...dense1, chunks: [...each.chunks, chunk] }).now).toBeGreaterThanOrEqual(now);
      const grown = each.chunks.map((part) => ({ ...part, tokens: part.tokens + more }));
      expect(step({ ...dense1, chunks: grown }).now).toBeGreaterThanOrEqual(now);
    }),
    RUNS,
  );
});

/** Whether somebody searched for tiles of a model's experts: each split has tiles of its own. */
function hasTunedExperts({ model: { experts }, profile, tp }: Case): boolean {
  if (experts === undefined) return false;
  const shape = { experts: experts.experts, expertSize: experts.expertIntermediateSize / tp };
  return tunedTiles(shape, profile.moe.bf16) !== null;
}

test("n GPUs are at most n times as fast as one", () => {
  fc.assert(
    fc.property(arbitraryCase, (each) => {
      fc.pre(hasTunedExperts(each) === hasTunedExperts({ ...each, tp: 1 }));
      expect(step(each).device * each.tp).toBeGreaterThanOrEqual(step({ ...each, tp: 1 }).device);
    }),
    RUNS,
  );
});

test("an fp8 KV cache never makes a step longer", () => {
  fc.assert(
    fc.property(arbitraryCase, (each) => {
      fc.pre(each.profile.peakFlops.fp8 !== null);
      const decoding = { ...each, chunks: [] }; // prefill does take longer: FlashAttention-3 quantises and transposes
      const bf16 = step({ ...decoding, kvFormat: "bf16" }).now;
      // Where bytes do not decide, both cost the same but for what their tables miss of the form.
      expect(step({ ...decoding, kvFormat: "fp8" }).now).toBeLessThanOrEqual(bf16 * 1.003);
    }),
    RUNS,
  );
});

test("a policy reads at most what it could read, so that only its own work can make a step longer", () => {
  let sparser = 0;
  fc.assert(
    fc.property(arbitraryCase, (each) => {
      const batch = batchOf(each);
      const held = each.sequences.reduce(
        (sum, { prompt, generated, copies }) => sum + copies * (prompt + generated),
        0,
      );
      const everything = batch.groups.map(({ kind }, g) => ({
        now: kind === "policy" ? held : (batch.read[g]?.now ?? NaN),
        perStep: 0,
      }));
      const some = costOf(each).step(batch).parts[DECODE_ATTENTION] ?? NaN;
      const all = costOf(each).step({ ...batch, read: everything }).parts[DECODE_ATTENTION] ?? NaN;
      expect(some).toBeLessThanOrEqual(all);
      if (some < all / 2) sparser++;
    }),
    RUNS,
  );
  expect(sparser).toBeGreaterThan(20);
});
