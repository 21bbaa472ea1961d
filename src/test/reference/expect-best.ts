import { expect } from "vitest";
import type { AttentionTrace } from "../../trace/attention-trace.js";
import { naiveLogits, naiveSoftmax } from "../naive-attention.js";

/** f32 against f64: how far, relative to it, a score may be from the last one taken for the choice to be open. */
const NEAR = 1e-5;

/**
 * Expects the `k` candidates with the largest scores, of equal scores the lower ones. Candidates whose scores are as good
 * as equal to the last one taken may be exchanged for each other; exactly equal ones only if the score is a `rounded` sum,
 * whose order of adding nobody prescribes.
 */
export function expectBest(
  chosen: readonly number[],
  candidates: readonly number[],
  score: (candidate: number) => number,
  k: number,
  ties: "exact" | "rounded" = "exact",
): void {
  const inOrder = candidates.toSorted((a, b) => score(b) - score(a) || a - b);
  const best = inOrder.slice(0, k).toSorted((a, b) => a - b);
  if (chosen.length === best.length && chosen.every((candidate, i) => candidate === best[i])) return;
  const last = score(inOrder[Math.min(k, inOrder.length) - 1]!);
  const added = chosen.filter((candidate) => !best.includes(candidate));
  const left = best.filter((candidate) => !chosen.includes(candidate));
  const open = [...added, ...left].every(
    (candidate) =>
      candidates.includes(candidate) &&
      Math.abs(score(candidate) - last) <= NEAR * Math.abs(last) &&
      (score(candidate) !== last || ties === "rounded"),
  );
  if (chosen.length === best.length && open) return;
  expect(chosen).toEqual(best);
}

/** Softmax of one query head over everything up to the query's position. */
export function naiveRow(trace: AttentionTrace, layer: number, queryHead: number, position: number): number[] {
  const logits = naiveLogits(trace, layer, queryHead, position);
  return naiveSoftmax(logits, logits.keys());
}

/** from … to - 1 */
export function span(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Each value pooled with its neighbours up to reach away: their sum over the full width, zeros beyond the ends. */
export function naiveAveragePool(values: readonly number[], reach: number): number[] {
  return values.map((_, i) =>
    span(i - reach, i + reach + 1).reduce((sum, j) => sum + (values[j] ?? 0) / (2 * reach + 1), 0),
  );
}
