import { expect, test } from "vitest";
import type { ParameterValue } from "../policy/policy.js";
import { createPolicy, POLICIES, type PolicyName } from "../policy/table.js";
import { randomTrace } from "../test/random-trace.js";
import type { AttentionTrace } from "../trace/attention-trace.js";
import { planReplay } from "./plan.js";

const qkv = randomTrace(1, { promptTokens: 8, steps: 4, layers: 3 });
const scores: AttentionTrace = {
  ...qkv,
  metadata: { ...qkv.metadata, kind: "scores" },
  channels: new Set(["attention", "prompt-mass", "page-bounds"]),
};

function plan(trace: AttentionTrace, name: PolicyName, values: Readonly<Record<string, ParameterValue>> = {}) {
  return planReplay(trace, [createPolicy(name, POLICIES[name], { denseLayers: 0, ...values })], {});
}

test("a KV head is a task, or a layer if its heads must be seen together", () => {
  expect(plan(qkv, "h2o").tasks).toHaveLength(6);
  expect(plan(qkv, "tova").tasks).toEqual([0, 1, 2].map((layer) => ({ layer, kvFrom: 0, kvTo: 2, measured: [0, 1] })));
  expect(plan(qkv, "quest", { headGroup: "layer" }).tasks).toHaveLength(3);
});

test("what a recording lacks is refused", () => {
  expect(() => plan(scores, "h2o")).not.toThrow();
  expect(() => plan(scores, "quest")).not.toThrow();
  expect(() => plan(scores, "raas", { page: 4, budget: 64, stampRule: "alpha" })).not.toThrow();
  expect(() => plan(scores, "r-kv")).toThrow("policy r-kv: needs queries and keys, which this scores trace lacks");
  expect(() => plan(scores, "quest", { page: 32 })).toThrow(
    "policy quest:page=32,denseLayers=0: needs bounds of pages of 32; scores traces have them for pages of 16",
  );
  expect(() => plan(scores, "h2o", { headGroup: "queryHead" })).toThrow(
    "chooses for each query head; this scores trace has one row for the 2 query heads of a KV head",
  );
  const late = { ...qkv, metadata: { ...qkv.metadata, queryStart: 8 } };
  expect(() => plan(late, "tova")).not.toThrow();
  expect(() => plan(late, "h2o")).toThrow(
    "policy h2o: needs the queries from position 0 on; the trace has them from 8 on",
  );
});
