import { toQuantum } from "../core/quantum.js";

/** A piecewise-linear function of a token count: at(x) = intercept + slope · x, exact in quanta for integer x. */
export interface Piece {
  readonly from: number; // first x of the piece, an integer
  readonly intercept: number; // seconds
  readonly slope: number; // seconds per token
}

const FIRST_RATIO = 16;
const LAST_TOKENS = 2 ** 34;
/** A chord may miss the form by this share of it where it is looked at; a table by 0.5 % anywhere. */
const CHORD_ERROR = 0.004;

/**
 * Tabulates `seconds(x)`, non-decreasing, for x in [0, 2^34] tokens. Pieces meet exactly at their integer knots, so the
 * table is continuous to the last bit; beyond the last knot it goes on with the last slope. Knots are put in until each
 * chord is near the form in its middle and at its quarters; `bends`, where the form has a corner or jumps from one token
 * to the next, are knots as well.
 */
export function tabulate(seconds: (tokens: number) => number, bends: readonly number[]): readonly Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  let value = toQuantum(seconds(0));
  for (const { x: to, y } of knots(seconds, bends)) {
    const slope = Math.max(0, toQuantum((y - value) / (to - from)));
    pieces.push({ from, intercept: value - slope * from, slope });
    value += slope * (to - from);
    from = to;
  }
  return pieces;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Ascending, without 0. */
function knots(seconds: (tokens: number) => number, bends: readonly number[]): readonly Point[] {
  const first = new Set<number>([1, ...bends.filter((bend) => bend > 1 && bend < LAST_TOKENS)]);
  for (let x = FIRST_RATIO; x <= FIRST_RATIO * LAST_TOKENS; x *= FIRST_RATIO) first.add(x);
  const all: Point[] = [];
  let from = { x: 0, y: seconds(0) };
  for (const x of [...first].sort((a, b) => a - b)) {
    const to = { x, y: seconds(x) };
    refine(seconds, from, to, all);
    all.push(to);
    from = to;
  }
  return all;
}

function refine(seconds: (tokens: number) => number, from: Point, to: Point, knots: Point[]): void {
  const width = to.x - from.x;
  if (width < 2) return;
  const slope = (to.y - from.y) / width;
  const near = (x: number, y: number): boolean => Math.abs(from.y + slope * (x - from.x) - y) <= CHORD_ERROR * y;
  const half = from.x + 0.5 * width;
  const atHalf = seconds(half);
  const [first, last] = [from.x + 0.25 * width, from.x + 0.75 * width];
  if (near(half, atHalf) && near(first, seconds(first)) && near(last, seconds(last))) return;
  const x = Math.round((from.x + to.x) / 2);
  const middle = { x, y: x === half ? atHalf : seconds(x) };
  refine(seconds, from, middle, knots);
  knots.push(middle);
  refine(seconds, middle, to, knots);
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
