import { toQuantum } from "../core/quantum.js";

/** A piecewise-linear function of a token count: at(x) = intercept + slope · x, exact in quanta for integer x. */
export interface Piece {
  readonly from: number; // first x of the piece, an integer
  readonly intercept: number; // seconds
  readonly slope: number; // seconds per token
}

/** Chord error of x^0.9 between knots of ratio r is 0.09/8 · ln(r)^2: 0.3 % at 1.7. */
const KNOT_RATIO = 1.7;
const LAST_TOKENS = 2 ** 34;

/**
 * Tabulates `seconds(x)`, non-decreasing, for x in [0, 2^34] tokens. Pieces meet exactly at their integer knots, so the
 * table is continuous to the last bit; beyond the last knot it goes on with the last slope.
 */
export function tabulate(seconds: (tokens: number) => number): readonly Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  let value = toQuantum(seconds(0));
  for (let knot = 16; ; knot = Math.ceil(knot * KNOT_RATIO)) {
    const slope = Math.max(0, toQuantum((seconds(knot) - value) / (knot - from)));
    pieces.push({ from, intercept: value - slope * from, slope });
    value += slope * (knot - from);
    from = knot;
    if (knot > LAST_TOKENS) return pieces;
  }
}

/** Index of the piece that holds x. Pieces are few and ascending: a binary search. */
export function pieceAt(pieces: readonly Piece[], x: number): number {
  let low = 0;
  let high = pieces.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((pieces[middle] as Piece).from <= x) low = middle;
    else high = middle - 1;
  }
  return low;
}
