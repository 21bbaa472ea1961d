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
 * table is continuous to the last bit; beyond the last knot it goes on with the last slope. A chord over a bend would
 * miss it by up to 1.3 %, so `bend`, where one form takes over from another, is a knot as well.
 */
export function tabulate(seconds: (tokens: number) => number, bend: number): readonly Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  let value = toQuantum(seconds(0));
  for (const to of knots(Math.round(bend))) {
    const slope = Math.max(0, toQuantum((seconds(to) - value) / (to - from)));
    pieces.push({ from, intercept: value - slope * from, slope });
    value += slope * (to - from);
    from = to;
  }
  return pieces;
}

function knots(bend: number): readonly number[] {
  const all: number[] = [1];
  while ((all.at(-1) as number) <= LAST_TOKENS) all.push(Math.ceil((all.at(-1) as number) * KNOT_RATIO));
  if (bend > 1 && bend < LAST_TOKENS && !all.includes(bend)) all.push(bend);
  return all.sort((a, b) => a - b);
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
