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
  readonly name: string;
  readonly queryHeads: readonly number[];
  readonly promptTokens: number;
  /** Logits of a query head at a position on all positions up to it; f32, as the recordings allow. */
  logits(queryHead: number, position: number): readonly number[];
  /** Mean over the query heads of their softmax over exactly these positions; by position. */
  attention(position: number, over: readonly number[]): readonly number[];
  /** The key that a query head sees. */
  key(queryHead: number, position: number): readonly number[];
  query(queryHead: number, position: number): readonly number[];
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
          ? group.map((head) => ({ name: `${layer}/${kvHead}/${head}`, heads: [head] }))
          : [{ name: `${layer}/${kvHead}`, heads: headGroup === "layer" ? all : group }];
      for (const { name: lane, heads } of lanes) {
        const steps = chosen.get(lane) ?? [];
        expect(steps).toHaveLength(totalTokens - promptTokens);
        const check = naive(naiveHeads(trace, layer, lane, heads));
        let held = Array.from({ length: promptTokens }, (_, position) => position);
        steps.forEach((step, index) => {
          check(index, promptTokens + index, [...held, promptTokens + index], step);
          held = [...step.kept];
        });
      }
    }
  }
}

function naiveHeads(trace: AttentionTrace, layer: number, name: string, queryHeads: readonly number[]): NaiveHeads {
  const { headDim, kvHeads, queryHeads: total, promptTokens, totalTokens } = trace.metadata;
  const known = new Map<string, readonly number[]>(); // logits are asked for again and again
  const logits = (head: number, position: number): readonly number[] => {
    const place = `${head}/${position}`;
    const row = known.get(place) ?? naiveLogits(trace, layer, head, position);
    known.set(place, row);
    return row;
  };
  const vectors = (values: Float32Array): number[][] =>
    Array.from({ length: values.length / headDim }, (_, i) => [...values.subarray(i * headDim, (i + 1) * headDim)]);
  const keys = vectors(trace.keys(layer, 0, totalTokens));
  const queries = vectors(trace.queries(layer, 0, totalTokens));
  return {
    name,
    queryHeads,
    promptTokens,
    logits,
    attention(position, over) {
      const rows = queryHeads.map((head) => naiveSoftmax(logits(head, position), over));
      return logits(queryHeads[0] ?? 0, position).map(
        (_, j) => rows.reduce((sum, row) => sum + (row[j] ?? 0), 0) / rows.length,
      );
    },
    key: (head, position) => keys[position * kvHeads + Math.floor((head * kvHeads) / total)]!,
    query: (head, position) => queries[position * total + head]!,
  };
}

/** Numbers from … to - 1. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
}
