import { expect } from "vitest";
import type { ParameterValue } from "../../policy/policy.js";
import { createPolicy, POLICIES, type PolicyName } from "../../policy/table.js";
import type { AttentionTrace } from "../../trace/attention-trace.js";
import { groupOf, naiveLogits, naiveSoftmax } from "../naive-attention.js";
import { selectionsOf, type Chosen } from "../selections.js";
import type { RowKernel } from "../../attention/row-kernel.js";

/** What a naive policy is told of the heads it chooses for. */
export interface NaiveHeads {
  /** "layer/head" or "layer/head/queryHead". */
  readonly key: string;
  readonly queryHeads: readonly number[];
  readonly promptTokens: number;
  /** Logits of a query head at a position on all positions up to it; f32, as the recordings allow. */
  logits(queryHead: number, position: number): readonly number[];
  /** Mean over the query heads of their softmax over exactly these positions; by position. */
  attention(position: number, over: readonly number[]): readonly number[];
  /** The key of the (first) KV head. */
  key64(position: number): readonly number[];
  query64(queryHead: number, position: number): readonly number[];
}

/**
 * Called for each step with what was held before it, the newest position included; says what is wrong with `chosen` by
 * expectations. The real history is handed on, so that a choice between scores that rounding cannot tell apart does not
 * make all later steps differ.
 */
export type NaiveStep = (step: number, position: number, held: readonly number[], chosen: Chosen) => void;

export interface Case {
  readonly policy: PolicyName;
  readonly values: Readonly<Record<string, ParameterValue>>;
  readonly headGroup?: "kvHead" | "queryHead" | "layer";
  readonly kernel?: RowKernel["name"];
  readonly seed?: number;
}

/** Replays the policy and holds each of its steps against the naive one made for each group of heads. */
export function holdAgainst(trace: AttentionTrace, given: Case, naive: (heads: NaiveHeads) => NaiveStep): void {
  const { policy: name, values, headGroup = "kvHead", kernel = "wasm-simd", seed = 0 } = given;
  const own = "headGroup" in POLICIES[name].parameters ? { headGroup } : {};
  const policy = createPolicy(name, POLICIES[name], { ...own, ...values, denseLayers: 0 });
  const { promptTokens, totalTokens, kvHeads, queryHeads, layers } = trace.metadata;
  const chosen = selectionsOf(trace, policy, seed, kernel);
  for (const layer of layers) {
    const all = Array.from({ length: queryHeads }, (_, head) => head);
    for (let kvHead = 0; kvHead < kvHeads; kvHead++) {
      const group = groupOf(trace, kvHead);
      const lanes =
        headGroup === "queryHead"
          ? group.map((head) => ({ key: `${layer}/${kvHead}/${head}`, heads: [head] }))
          : [{ key: `${layer}/${kvHead}`, heads: headGroup === "layer" ? all : group }];
      for (const { key, heads } of lanes) {
        const steps = chosen.get(key) ?? [];
        expect(steps).toHaveLength(totalTokens - promptTokens);
        const check = naive(naiveHeads(trace, layer, key, heads));
        let held = Array.from({ length: promptTokens }, (_, position) => position);
        steps.forEach((step, index) => {
          check(index, promptTokens + index, [...held, promptTokens + index], step);
          held = [...step.kept];
        });
      }
    }
  }
}

function naiveHeads(trace: AttentionTrace, layer: number, key: string, queryHeads: readonly number[]): NaiveHeads {
  const { headDim, kvHeads, queryHeads: total, promptTokens } = trace.metadata;
  const kvHead = Math.floor(((queryHeads[0] ?? 0) * kvHeads) / total);
  const known = new Map<string, readonly number[]>();
  const logits = (head: number, position: number): readonly number[] => {
    const name = `${head}/${position}`;
    const row = known.get(name) ?? naiveLogits(trace, layer, head, position);
    known.set(name, row);
    return row;
  };
  const slice = (values: Float32Array, head: number): number[] => [
    ...values.subarray(head * headDim, (head + 1) * headDim),
  ];
  return {
    key,
    queryHeads,
    promptTokens,
    logits,
    attention(position, over) {
      const rows = queryHeads.map((head) => naiveSoftmax(logits(head, position), over));
      return logits(queryHeads[0] ?? 0, position).map(
        (_, j) => rows.reduce((sum, row) => sum + (row[j] ?? 0), 0) / rows.length,
      );
    },
    key64: (position) => slice(trace.keys(layer, position, position + 1), kvHead),
    query64: (head, position) => slice(trace.queries(layer, position, position + 1), head),
  };
}

/** Numbers from … to - 1. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
}
