import type { QueryView } from "./lane.js";

/** How query heads are joined into one row: by their logits before the softmax, or by their attention after it. */
export type HeadReduction = "maxLogit" | "max" | "mean" | "sum";

export interface Voters {
  /** The newest query that votes, counted back from the view's newest: 0 is that one. */
  readonly from: number;
  /** How many queries vote, from there back; fewer if the text does not have that many. */
  readonly queries: number;
  readonly heads: HeadReduction;
}

/**
 * Shows the attention of earlier queries over some positions, the newest query first: softmax over the positions that
 * the query can see (0 for later ones), joined over the group's query heads. The row shown is valid until the next.
 * The policy's lookback must be at least from + queries.
 */
export function eachVote(
  view: QueryView,
  positions: ArrayLike<number>,
  { from, queries, heads }: Voters,
  visit: (row: Float64Array) => void,
): void {
  const row = new Float64Array(positions.length);
  const joined = new Float64Array(positions.length);
  for (let back = from; back < from + queries && back <= view.position; back++) {
    joined.fill(heads === "maxLogit" ? -Infinity : 0);
    for (let head = 0; head < view.queryHeads; head++) {
      const logits = view.logits(back, head);
      for (let i = 0; i < row.length; i++) {
        const position = positions[i] as number;
        row[i] = position <= view.position - back ? (logits[position] as number) : -Infinity;
      }
      if (heads !== "maxLogit") softmax(row);
      join(joined, row, heads, view.queryHeads);
    }
    if (heads === "maxLogit") softmax(joined);
    visit(joined);
  }
}

/** How much the voters want each position: the sum of their rows. */
export function windowVotes(view: QueryView, positions: ArrayLike<number>, voters: Voters): Float64Array {
  const votes = new Float64Array(positions.length);
  eachVote(view, positions, voters, (row) => {
    for (let i = 0; i < row.length; i++) votes[i] = (votes[i] as number) + (row[i] as number);
  });
  return votes;
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

function join(joined: Float64Array, row: Float64Array, heads: HeadReduction, count: number): void {
  const share = heads === "mean" ? 1 / count : 1;
  const largest = heads === "max" || heads === "maxLogit";
  for (let i = 0; i < row.length; i++) {
    const [old, value] = [joined[i] as number, row[i] as number];
    joined[i] = largest ? Math.max(old, value) : old + share * value;
  }
}
