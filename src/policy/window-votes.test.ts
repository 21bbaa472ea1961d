import { expect, test } from "vitest";
import type { QueryView } from "./lane.js";
import { averagePool, maxPool } from "./pooling.js";
import { eachVote, windowVotes } from "./window-votes.js";

const ln = Math.log;
/** Two query heads; by query counted back, by head: logits of positions 0 … 3. */
const LOGITS = [
  [
    [ln(1), ln(2), ln(3), ln(4)],
    [ln(4), ln(1), ln(1), ln(2)],
  ],
  [
    [ln(1), ln(1), ln(2), ln(9)],
    [ln(1), ln(3), ln(4), ln(9)],
  ],
] as const;

const view: QueryView = {
  promptTokens: 2,
  position: 3,
  queryHeads: 2,
  headDim: 4,
  logits: (back, head) => Float32Array.from(LOGITS[back]?.[head] ?? []),
  key: () => undefined,
};

function expectRow(row: ArrayLike<number>, expected: readonly number[]): void {
  expect(row.length).toBe(expected.length);
  expected.forEach((value, i) => expect(row[i]).toBeCloseTo(value, 6));
}

test("votes are softmax over the positions given; heads are joined before or after it", () => {
  const positions = [0, 2];
  const one = { from: 0, queries: 1 };
  expectRow(windowVotes(view, positions, { ...one, heads: "mean" }), [(1 / 4 + 4 / 5) / 2, (3 / 4 + 1 / 5) / 2]);
  expectRow(windowVotes(view, positions, { ...one, heads: "sum" }), [1 / 4 + 4 / 5, 3 / 4 + 1 / 5]);
  expectRow(windowVotes(view, positions, { ...one, heads: "max" }), [4 / 5, 3 / 4]);
  expectRow(windowVotes(view, positions, { ...one, heads: "maxLogit" }), [4 / 7, 3 / 7]);
});

test("queries see no later positions, and only those of the text vote", () => {
  const rows: number[][] = [];
  eachVote(view, [1, 3], { from: 0, queries: 2, heads: "sum" }, (row) => rows.push([...row]));
  expectRow(rows[0] as number[], [2 / 6 + 1 / 3, 4 / 6 + 2 / 3]);
  expectRow(rows[1] as number[], [2, 0]); // position 3 came after
  const first = { ...view, position: 0 };
  expectRow(windowVotes(first, [0], { from: 0, queries: 5, heads: "mean" }), [1]);
});

test("pooling looks at neighbours; averages are padded with zeros", () => {
  const values = Float64Array.of(3, 0, 0, 6, 0);
  expect([...maxPool(values, 3)]).toEqual([3, 3, 6, 6, 6]);
  expect([...averagePool(values, 3)]).toEqual([1, 1, 2, 2, 2]);
  expect([...maxPool(values, 1)]).toEqual([...values]);
});
