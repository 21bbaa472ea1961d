import fc from "fast-check";
import { expect, test } from "vitest";
import { stream } from "../core/rng.js";
import { footprintViolations } from "./conformance.js";
import { measuredFootprint, type FootprintCurve } from "./measured.js";
import type { Policy } from "./policy.js";
import { createPolicy, POLICIES } from "./table.js";

const SEED = 20260611;

/** Dense memory and reads as the upper bound of something that depends on the attention. */
const BOUND: Policy = { ...createPolicy("dense", POLICIES.dense, {}), label: "Made up", dataDependent: true };

/** Held and read of made-up steps: growth, levels, noise and sudden drops, never more than there is. */
function randomCurve(seed: number, fromTokens: number, steps: number): FootprintCurve {
  const rng = stream(seed, "curve");
  let held = fromTokens;
  const curve = { source: "made up", fromTokens, held: [] as number[], read: [] as number[] };
  for (let k = 0; k < steps; k++) {
    if (rng() < 0.02) held = Math.ceil(held / 2);
    else if (rng() < 0.7) held += 1;
    held = Math.min(held, fromTokens + k);
    curve.held.push(held);
    curve.read.push(1 + rng() * (held - 1));
  }
  return curve;
}

test("a measured footprint obeys the laws of all footprints", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1e6 }),
      fc.integer({ min: 2, max: 300 }),
      fc.integer({ min: 1, max: 700 }),
      (seed, fromTokens, steps) => {
        const policy = measuredFootprint(BOUND, randomCurve(seed, fromTokens, steps));
        const lengths = [1, 5, fromTokens - 1, fromTokens, fromTokens + 17, fromTokens + steps, 5000, 70_000];
        const cases = lengths.flatMap((prompt) => [
          { prompt, generated: 1 },
          { prompt, generated: 333 },
        ]);
        expect(footprintViolations(policy, cases)).toEqual([]);
      },
    ),
    { numRuns: 25, seed: SEED },
  );
});

test("it stays within the policy's bound", () => {
  const bound = createPolicy("raas", POLICIES.raas, { budget: 64, page: 16 });
  const curve = { source: "made up", fromTokens: 11, held: Array(400).fill(900), read: Array(400).fill(800) };
  for (let tokens = 1; tokens < 900; tokens++) {
    const lengths = { prompt: 1, generated: tokens };
    const { resident, read } = measuredFootprint(bound, curve).footprint(lengths);
    expect(resident.now).toBe(bound.footprint(lengths).resident.now);
    expect(read.now).toBe(bound.footprint(lengths).read.now);
  }
});

test("sums over the recording are those measured, to half a token a step", () => {
  const curve = randomCurve(SEED, 50, 640);
  const policy = measuredFootprint(BOUND, curve);
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  const prints = curve.held.map((_, k) => policy.footprint({ prompt: 40, generated: 10 + k }));
  expect(Math.abs(sum(prints.map(({ resident }) => resident.now)) - sum(curve.held))).toBeLessThan(0.5 * 640);
  expect(Math.abs(sum(prints.map(({ read }) => read.now)) - sum(curve.read))).toBeLessThan(0.5 * 640);
});

test("before the recording the bound stands, beyond it the trend of the last half goes on", () => {
  const steps = Array.from({ length: 1000 }, (_, k) => k);
  const curve = { source: "", fromTokens: 101, held: steps.map((k) => 101 + k), read: steps.map((k) => 60 + k / 4) };
  const policy = measuredFootprint(BOUND, curve);
  const at = (tokens: number): readonly number[] => {
    const { resident, read } = policy.footprint({ prompt: 50, generated: tokens - 50 });
    return [resident.now, read.now];
  };
  expect(at(80)).toEqual([80, 80]);
  for (const tokens of [101, 1100, 1101, 3000, 20_000, 1_000_000]) {
    const [held, read] = at(tokens) as [number, number];
    expect(held).toBe(tokens); // growth by one is exact
    const trend = 60 + (tokens - 101) / 4;
    expect(Math.abs(read - trend)).toBeLessThanOrEqual(Math.max(3, tokens / 128)); // half a piece of a quarter each step
  }
});

test("says in label and notes that it is measured, and is no longer an upper bound", () => {
  const policy = measuredFootprint(BOUND, { source: "bakery", fromTokens: 5, held: [5], read: [5] });
  expect(policy.label).toBe("Made up (measured)");
  expect(policy.name).toBe("dense");
  expect(policy.notes.at(-1)).toMatch(/measured.*bakery/);
  expect(policy.dataDependent).toBeUndefined();
});
