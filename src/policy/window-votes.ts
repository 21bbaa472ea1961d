import type { QueryView } from "./lane.js";

/** How query heads are joined into one row: by their logits before the softmax, or by their attention after it. */
export type HeadReduction = "maxLogit" | "max" | "mean";

/**
 * How much the newest `queries` want each of some positions that all of them see: the sum over the queries of softmax
 * over these positions, joined over the group's query heads. The policy's lookback must be at least `queries`.
 */
export function windowVotes(
  view: QueryView,
  positions: ArrayLike<number>,
  queries: number,
  heads: HeadReduction,
): Float64Array {
  const votes = new Float64Array(positions.length);
  const row = new Float64Array(positions.length);
  const joined = new Float64Array(positions.length);
  for (let back = 0; back < queries; back++) {
    joined.fill(heads === "maxLogit" ? -Infinity : 0);
    for (let head = 0; head < view.queryHeads; head++) {
      const logits = view.logits(back, head);
      for (let i = 0; i < row.length; i++) row[i] = logits[positions[i] as number] as number;
      if (heads !== "maxLogit") softmax(row);
      join(joined, row, heads, view.queryHeads);
    }
    if (heads === "maxLogit") softmax(joined);
    for (let i = 0; i < votes.length; i++) votes[i] = (votes[i] as number) + (joined[i] as number);
  }
  return votes;
}

function join(joined: Float64Array, row: Float64Array, heads: HeadReduction, count: number): void {
  for (let i = 0; i < row.length; i++) {
    const [old, value] = [joined[i] as number, row[i] as number];
    joined[i] = heads === "mean" ? old + value / count : Math.max(old, value);
  }
}

/** In place; all zeros if every logit is -Infinity. */
export function softmax(logits: Float64Array): void {
  let largest = -Infinity;
  for (let i = 0; i < logits.length; i++) largest = Math.max(largest, logits[i] as number);
  if (largest === -Infinity) {
    logits.fill(0);
    return;
  }
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += logits[i] = Math.exp((logits[i] as number) - largest);
  for (let i = 0; i < logits.length; i++) logits[i] = (logits[i] as number) / sum;
}
