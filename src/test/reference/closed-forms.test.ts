import { expect, test } from "vitest";
import type { ParameterValue } from "../../policy/policy.js";
import { createPolicy, POLICIES, type PolicyName } from "../../policy/table.js";
import { randomTrace } from "../random-trace.js";
import { selectionsOf } from "../selections.js";
import { range } from "./naive-lane.js";

/** Published counts of tokens, by hand, and closed forms against what lanes of small parameters read. */

function residents(name: PolicyName, values: Record<string, ParameterValue>, prompt: number, steps: readonly number[]) {
  const policy = createPolicy(name, POLICIES[name], values);
  return steps.map((generated) => policy.footprint({ prompt, generated }).resident.now);
}

test("prefill compression: cap + t", () => {
  for (const name of ["snapkv", "pyramidkv", "adakv"] as const) {
    expect(residents(name, { budget: 512 }, 4000, [1, 2, 3, 1000])).toEqual([4001, 514, 515, 1512]);
    expect(residents(name, { budget: 512 }, 512, [1, 2, 1000])).toEqual([513, 514, 1512]);
  }
});

test("rpc: P + n · T + R, peak + P_seg", () => {
  const [P, segment, T, R] = [100, 1024, 256, 32];
  for (const n of [0, 1, 2, 7]) {
    const last = R + (n + 1) * segment; // generated tokens at the n + 1-th compression
    expect(residents("rpc", {}, P, [last, last + 1])).toEqual([P + n * T + R + segment, P + (n + 1) * T + R + 1]);
  }
});

test("dms: the window and one in eight before it", () => {
  expect(residents("dms", {}, 100, [1, 412, 413, 420, 421])).toEqual([101, 512, 513, 513, 514]);
  expect(residents("dms", {}, 100, [412 + 8000])).toEqual([512 + 1000]);
  expect(createPolicy("dms", POLICIES.dms, {}).lanes).toBeUndefined();
});

test("infllm: within a block of the count step by step, and its mean within a token", () => {
  const block = 8;
  const values = { init: 3, local: 10, block, blocks: 2, representatives: 2 };
  const policy = createPolicy("infllm", POLICIES.infllm, values);
  for (const prompt of [1, 40]) {
    const trace = randomTrace(1, { promptTokens: prompt, steps: 120, kvHeads: 1 });
    const reads = selectionsOf(trace, policy)
      .get("0/0")!
      .map(({ read }) => read.length);
    const said = reads.map((_, step) => policy.footprint({ prompt, generated: step + 1 }).read.now);
    reads.forEach((read, step) => expect(Math.abs(read - said[step]!)).toBeLessThan(block));
    const last = range(reads.length - 5 * block, reads.length);
    const sum = (counts: readonly number[]): number => last.reduce((all, step) => all + counts[step]!, 0);
    expect(Math.abs(sum(reads) - sum(said)) / last.length).toBeLessThanOrEqual(0.5);
    expect(new Set(reads.slice(-block)).size).toBe(block); // the rest between blocks and window has every length
  }
});

test.each([
  ["twilight", { p: 0.9, budget: 64, page: 4 }],
  ["oracle-topp", { p: 0.9 }],
  ["seerattention-r", { rule: "threshold", page: 4, budget: 64, threshold: 0.03 }],
] as const)("%s stays within its footprint, an upper bound", (name, values) => {
  const policy = createPolicy(name, POLICIES[name], { ...values, denseLayers: 0 });
  expect(policy.dataDependent).toBe(true);
  const trace = randomTrace(2, { promptTokens: 30, steps: 80 });
  let below = 0;
  for (const steps of selectionsOf(trace, policy).values()) {
    steps.forEach(({ kept, read }, step) => {
      const print = policy.footprint({ prompt: 30, generated: step + 1 });
      expect(kept.length).toBe(print.resident.now);
      expect(read.length).toBeLessThanOrEqual(print.read.now);
      if (read.length < print.read.now) below++;
    });
  }
  expect(below).toBeGreaterThan(80);
});
