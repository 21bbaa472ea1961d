import type { AttentionTrace } from "../../trace/attention-trace.js";
import { naiveLogits, naiveSoftmax } from "../naive-attention.js";
import { range } from "./naive-lane.js";
import { expectChoice } from "./rule.js";

/** Expects the `k` candidates with the largest scores. */
export function expectBest(
  chosen: readonly number[],
  candidates: readonly number[],
  score: (candidate: number) => number,
  k: number,
  ties: "lower taken" | "either" = "lower taken",
): void {
  expectChoice(chosen, { always: [], among: candidates, take: k, score, ties }, `best ${k}`);
}

/** Softmax of one query head over everything up to the query's position. */
export function naiveRow(trace: AttentionTrace, layer: number, queryHead: number, position: number): number[] {
  const logits = naiveLogits(trace, layer, queryHead, position);
  return naiveSoftmax(logits, logits.keys());
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Each value pooled with its neighbours up to reach away: their sum over the full width, zeros beyond the ends. */
export function naiveAveragePool(values: readonly number[], reach: number): number[] {
  return values.map((_, i) =>
    range(i - reach, i + reach + 1).reduce((sum, j) => sum + (values[j] ?? 0) / (2 * reach + 1), 0),
  );
}
