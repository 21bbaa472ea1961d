import { expect, test } from "vitest";
import type { QueryView } from "./lane.js";
import { averagePool, maxPool } from "./pooling.js";
import { softmax, windowVotes } from "./window-votes.js";

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

test("votes are softmax over the positions given; heads are joined before or after it, queries added", () => {
  const positions = [0, 2];
  expectRow(windowVotes(view, positions, 1, "mean"), [(1 / 4 + 4 / 5) / 2, (3 / 4 + 1 / 5) / 2]);
  expectRow(windowVotes(view, positions, 1, "max"), [4 / 5, 3 / 4]);
  expectRow(windowVotes(view, positions, 1, "maxLogit"), [4 / 7, 3 / 7]);
  expectRow(windowVotes(view, positions, 2, "maxLogit"), [4 / 7 + 1 / 5, 3 / 7 + 4 / 5]);
});

test("softmax of nothing but -Infinity is zero", () => {
  const logits = Float64Array.of(-Infinity, -Infinity);
  softmax(logits);
  expectRow(logits, [0, 0]);
});

test("pooling looks at neighbours; averages are padded with zeros", () => {
  const values = Float64Array.of(3, 0, 0, 6, 0);
  expect([...maxPool(values, 3)]).toEqual([3, 3, 6, 6, 6]);
  expect([...averagePool(values, 3)]).toEqual([1, 1, 2, 2, 2]);
  expect([...maxPool(values, 1)]).toEqual([...values]);
});
