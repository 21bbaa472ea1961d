import fc from "fast-check";
import { expect, test } from "vitest";
import type { Policy } from "../policy/policy.js";
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
    { numRuns: 25, seed: SEED },
  );
});
