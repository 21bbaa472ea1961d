import fc from "fast-check";
import { expect, test } from "vitest";
import { at } from "../core/line.js";
import { footprintViolations } from "./conformance.js";
import { anyPolicy } from "../test/any-policy.js";
import type { LayerFootprint, Lengths } from "./policy.js";
import { createPolicy, POLICIES, type PolicyName } from "./table.js";

const NAMES = Object.keys(POLICIES) as PolicyName[];
const SEED = 20_250_216;

const lengths: fc.Arbitrary<Lengths> = fc.record({
  prompt: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 20_000 })),
  generated: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 5000 })),
});

test.each(NAMES)("%s obeys the laws of footprints", (name) => {
  fc.assert(
    fc.property(anyPolicy(name), fc.array(lengths, { minLength: 1, maxLength: 3 }), (policy, cases) => {
      expect(footprintViolations(policy, cases)).toEqual([]);
    }),
    { numRuns: 150, seed: SEED },
  );
});

test("the laws have teeth", () => {
  const dense = createPolicy("dense", POLICIES.dense, {});
  const cases = [{ prompt: 10, generated: 1 }];
  const bent = (change: (print: LayerFootprint) => Partial<LayerFootprint>): string => {
    const footprint = (given: Lengths): LayerFootprint => ({
      ...dense.footprint(given),
      ...change(dense.footprint(given)),
    });
    return footprintViolations({ ...dense, footprint }, cases).join("\n");
  };
  expect(bent(() => ({}))).toBe("");
  expect(bent(() => ({ read: { now: 1.5, perStep: 0 } }))).toContain("read is 1.5 + k · 0, not of integers");
  expect(bent(() => ({ steadyFor: 0 }))).toContain("steadyFor is 0");
  expect(bent(() => ({ read: { now: 12, perStep: 0 } }))).toContain("reads 12 of 11 tokens");
  expect(bent(({ read }) => ({ read: { ...read, perStep: 0 } }))).toContain("1 steps on: read is 12, promised was 11");
  expect(bent(({ resident }) => ({ resident: { ...resident, perStep: 2 } }))).toContain("resident grows by 2 a step");
  expect(bent(({ read }) => ({ scored: read }))).toContain("pages are scored without an index");
});

/** Tokens read in each of the first steps, counted one step at a time. */
function compressStepByStep(budget: number, interval: number, prompt: number, steps: number): number[] {
  const reads: number[] = [];
  let held = prompt;
  for (let position = prompt; position < prompt + steps; position++) {
    held += 1;
    reads.push(held);
    if (position % interval === 0 && held >= budget) held = budget;
  }
  return reads;
}

test.each(["r-kv", "snapkv-d"] as const)("%s: the closed form is the count step by step", (name) => {
  const integer = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max });
  fc.assert(
    fc.property(integer(16, 400), integer(1, 200), integer(1, 900), (budget, interval, prompt) => {
      const policy = createPolicy(name, POLICIES[name], { budget, interval });
      const reads = compressStepByStep(budget, interval, prompt, 800);
      expect(reads.map((_, i) => policy.footprint({ prompt, generated: i + 1 }).read.now)).toEqual(reads);
      // and regime by regime, as the engine walks it
      const walked: number[] = [];
      while (walked.length < reads.length) {
        const print = policy.footprint({ prompt, generated: walked.length + 1 });
        const left = reads.length - walked.length;
        for (let k = 0, n = Math.min(left, print.steadyFor); k < n; k++) walked.push(at(print.read, k));
      }
      expect(walked).toEqual(reads);
    }),
    { numRuns: 200, seed: SEED },
  );
});

interface Page {
  tokens: number;
  readonly pinned: boolean;
}

/** Tokens read, and pages held, in each of the first steps; pages go oldest first, which page it is does not count. */
function evictPagesStepByStep(
  rules: { budget: number; page: number; pin: boolean; includes: boolean },
  prompt: number,
  steps: number,
): { reads: number[]; pages: number[] } {
  const { budget, page, pin, includes } = rules;
  const limit = includes ? budget : budget + prompt;
  const cache: Page[] = [];
  const append = (pinned: boolean): void => {
    const last = cache.at(-1);
    if (last !== undefined && last.tokens < page) last.tokens += 1;
    else cache.push({ tokens: 1, pinned });
  };
  const held = (): number => cache.reduce((sum, { tokens }) => sum + tokens, 0);
  for (let i = 0; i < prompt; i++) append(pin);
  const reads: number[] = [];
  const pages: number[] = [];
  for (let step = 0; step < steps; step++) {
    append(false);
    reads.push(held());
    pages.push(cache.length);
    while (held() > limit) {
      const victim = cache.findIndex(({ pinned }, i) => !pinned && i < cache.length - 1);
      if (victim < 0) break;
      cache.splice(victim, 1);
    }
  }
  return { reads, pages };
}

test("raas: within a page of the count step by step, and its mean within a token", () => {
  const rules = fc
    .record({
      page: fc.constantFrom(1, 2, 8, 16, 32),
      budgetPages: fc.integer({ min: 1, max: 12 }),
      pin: fc.boolean(),
      includes: fc.boolean(),
    })
    .map(({ budgetPages, page, ...rest }) => ({ ...rest, page, budget: Math.max(32, budgetPages * page) }));
  fc.assert(
    fc.property(rules, fc.integer({ min: 1, max: 500 }), (given, prompt) => {
      const { budget, page, pin, includes } = given;
      const policy = createPolicy("raas", POLICIES.raas, {
        budget,
        page,
        pinPrefill: pin,
        budgetIncludesPrefill: includes,
      });
      const steps = budget + 3 * page + 40 * page; // grows at most budget + 2 pages, then whole cycles
      const naive = evictPagesStepByStep(given, prompt, steps);
      const prints = naive.reads.map((_, i) => policy.footprint({ prompt, generated: i + 1 }));
      naive.reads.forEach((read, i) => {
        const print = prints[i] as LayerFootprint;
        expect(Math.abs(print.read.now - read)).toBeLessThan(Math.max(page, 1));
        if (print.read.perStep === 1) expect(print.read.now).toBe(read);
        expect(Math.ceil(print.resident.now / page)).toBeGreaterThanOrEqual(naive.pages[i] as number);
      });
      const cycles = naive.reads.slice(-page * 20);
      const mean = cycles.reduce((sum, read) => sum + read, 0) / cycles.length;
      const last = prints.at(-1) as LayerFootprint;
      expect(Math.abs(last.read.now - mean)).toBeLessThanOrEqual(0.5);
      expect(last.resident.now / page).toBe(Math.max(...naive.pages.slice(-page * 20))); // the peak, no more
    }),
    { numRuns: 200, seed: SEED },
  );
});

test("quest: within a page of the count step by step, and its mean within a token", () => {
  for (const page of [1, 2, 16, 64]) {
    for (const budget of [64, 128, 256]) {
      const policy = createPolicy("quest", POLICIES.quest, { budget, page });
      const most = Math.max(3, budget / page);
      let [sum, amortised] = [0, 0];
      for (let tokens = 1; tokens <= 1024; tokens++) {
        const pages = Math.ceil(tokens / page);
        const newest = tokens - (pages - 1) * page;
        const read = Math.min(pages - 1, most - 1) * page + newest;
        const print = policy.footprint({ prompt: tokens - 1, generated: 1 });
        expect(Math.abs(print.read.now - read)).toBeLessThan(page === 1 ? 1 : page);
        expect(print.scored.now).toBe(pages > most ? tokens : 0);
        if (tokens > 512) [sum, amortised] = [sum + read, amortised + print.read.now];
      }
      expect(Math.abs(amortised - sum) / 512).toBeLessThanOrEqual(0.5);
    }
  }
});
