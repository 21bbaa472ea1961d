import fc from "fast-check";
import { expect, test } from "vitest";
import { at } from "../core/line.js";
import { MODELS } from "../model/shapes.js";
import type { Lengths, Policy } from "../policy/policy.js";
import { createPolicy, POLICIES, type PolicyName } from "../policy/table.js";
import { footprint, layerGroups } from "../serve/layer-groups.js";
import { anyPolicy } from "./any-policy.js";

/**
 * A sparse policy reads at most what full attention reads, and its index. Over policies with any parameters, models with
 * and without windows of their own, and lengths; fast-check prints the seed of a failure.
 */

const RUNS = { numRuns: 150, seed: 70 };
const NAMES = Object.keys(POLICIES) as PolicyName[];
const DENSE = createPolicy("dense", POLICIES.dense, {});

const lengths: fc.Arbitrary<Lengths> = fc.record({
  prompt: fc.integer({ min: 1, max: 60_000 }),
  generated: fc.integer({ min: 1, max: 60_000 }),
});

/** Tokens read and scored in all layers, `steps` steps on, as far as the footprint holds. */
function readBy(policy: Policy, model: (typeof MODELS)[string], given: Lengths, steps: number) {
  const groups = layerGroups(model, policy);
  const { read, scored, steadyFor } = footprint(groups, policy, given);
  const sum = (lines: typeof read): number =>
    groups.reduce((all, { layers }, g) => all + layers * at(lines[g] ?? { now: NaN, perStep: 0 }, steps), 0);
  return { read: sum(read), scored: sum(scored), steadyFor };
}

test.each(NAMES)("%s reads at most what full attention does, and its index", (name) => {
  let less = 0;
  fc.assert(
    fc.property(
      anyPolicy(name),
      fc.constantFrom(...Object.values(MODELS)),
      lengths,
      fc.double({ min: 0, max: 1, noNaN: true }),
      (policy, model, given, share) => {
        const { steadyFor } = readBy(policy, model, given, 0);
        const steps = Math.floor(share * Math.min(steadyFor - 1, 10_000));
        const own = readBy(policy, model, given, steps);
        const later = { ...given, generated: given.generated + steps };
        const full = readBy(DENSE, model, later, 0);
        expect(own.read).toBeLessThanOrEqual(full.read);
        expect(own.read).toBeGreaterThanOrEqual(model.layers); // the new token, in every layer
        const { indexPageTokens, work } = policy;
        const index = indexPageTokens === 0 ? 0 : work.representativeShare / indexPageTokens; // tokens a token
        expect(own.read + index * own.scored).toBeLessThanOrEqual(full.read * (1 + index));
        if (own.read < full.read / 2) less++;
      },
    ),
    RUNS,
  );
  // A threshold may keep everything, and what serving takes is its upper bound.
  if (name !== "dense" && name !== "oracle-topp") expect(less).toBeGreaterThan(0);
});
