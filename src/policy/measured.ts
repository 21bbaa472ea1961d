import { at, lower, type Line } from "../core/line.js";
import type { Policy } from "./policy.js";

/** What a replay measured of a policy: tokens held and read by a step, mean over heads and layers it governs. */
export interface FootprintCurve {
  readonly source: string; // what was replayed, for notes
  /** Tokens of the context, the newest included, in the first step; each step has one more. */
  readonly fromTokens: number;
  readonly held: readonly number[]; // one a step
  readonly read: readonly number[];
}

/** Steps whose mean makes one piece. Counts of single steps vary with the attention; time and memory add up over many. */
const PIECE_STEPS = 16;
/** Fewer steps show no trend: one alone would say that a policy which holds everything stops growing. */
export const LEAST_MEASURED_STEPS = 2 * PIECE_STEPS;
/** Beyond the recording a piece is this share of the context. */
const TAIL_SHARE = 1 / 32;
const MOST_TOKENS = 2 ** 23;

/** A stretch of context lengths in which counts are lines; k tokens on, the lines are at k. */
interface Piece {
  readonly from: number; // tokens of the context
  readonly held: Line;
  readonly read: Line;
}

/**
 * The policy with the footprint that a replay measured in place of its upper bound, which still holds. Counts depend on
 * the length of the whole context alone, prompt or not. Up to the recording's prompt nothing was measured: there the
 * bound stands; beyond the recording, the trend of its last half goes on.
 */
export function measuredFootprint(policy: Policy, curve: FootprintCurve): Policy {
  const { dataDependent: _, ...rest } = policy;
  const pieces = [...measuredPieces(curve), ...tailPieces(curve)];
  const last = curve.fromTokens + curve.held.length - 1;
  return {
    ...rest,
    label: `${policy.label} (measured)`,
    notes: [
      ...policy.notes,
      `Tokens held and read are measured, not a closed form: ${curve.source}, contexts of ${curve.fromTokens} to ${last} tokens, ` +
        `means of ${PIECE_STEPS} steps, taken to depend on the length of the context alone; shorter ones have the ` +
        "policy's upper bound, longer ones the trend of the last half.",
    ],
    footprint(lengths) {
      const tokens = lengths.prompt + lengths.generated;
      const bound = policy.footprint(lengths);
      const index = indexOf(pieces, tokens);
      const piece = pieces[index];
      const end = (pieces[index + 1]?.from ?? Infinity) - tokens;
      if (piece === undefined) return { ...bound, steadyFor: Math.min(bound.steadyFor, end) };
      const steps = tokens - piece.from;
      const held = lower(ahead(piece.held, steps), bound.resident);
      const allowed = lower(ahead(piece.read, steps), bound.read);
      const read = lower(allowed.line, held.line);
      return {
        resident: held.line,
        read: read.line,
        scored: bound.scored,
        steadyFor: Math.min(bound.steadyFor, end, held.steadyFor, allowed.steadyFor, read.steadyFor),
      };
    },
  };
}

function ahead(line: Line, steps: number): Line {
  return { now: at(line, steps), perStep: line.perStep };
}

/** Index of the piece a context length falls into; -1 before the first. */
function indexOf(pieces: readonly Piece[], tokens: number): number {
  let low = 0;
  let high = pieces.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((pieces[middle] as Piece).from <= tokens) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function measuredPieces({ fromTokens, held, read }: FootprintCurve): Piece[] {
  const pieces: Piece[] = [];
  for (let i = 0; i < held.length; i += PIECE_STEPS) {
    pieces.push({
      from: fromTokens + i,
      held: lineThrough(held.slice(i, i + PIECE_STEPS)),
      read: lineThrough(read.slice(i, i + PIECE_STEPS)),
    });
  }
  return pieces;
}

/** The level, or the line that grows by one a step, that fits best and has the same mean, to half a token. */
function lineThrough(values: readonly number[]): Line {
  const { mean, slope } = leastSquares(values);
  return levelOrGrowing(mean, slope, values.length);
}

function levelOrGrowing(mean: number, slope: number, steps: number): Line {
  const perStep = slope >= 0.5 ? 1 : 0;
  return { now: Math.max(1, Math.round(mean - (perStep * (steps - 1)) / 2)), perStep };
}

/** Mean, and slope of the least-squares line; 0 for a single value. */
function leastSquares(values: readonly number[]): { readonly mean: number; readonly slope: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const middle = (values.length - 1) / 2;
  let cross = 0;
  let square = 0;
  values.forEach((value, k) => {
    cross += (k - middle) * (value - mean);
    square += (k - middle) ** 2;
  });
  return { mean, slope: square === 0 ? 0 : cross / square };
}

/** The trend of the recording's last half, of at least no and at most one token a step, in pieces that grow with length. */
function tailPieces({ fromTokens, held, read }: FootprintCurve): Piece[] {
  const half = Math.floor(held.length / 2);
  const centre = fromTokens + half + (held.length - half - 1) / 2;
  const trend = (values: readonly number[]): ((from: number, steps: number) => Line) => {
    const { mean, slope: measured } = leastSquares(values.slice(half));
    const slope = Math.min(1, Math.max(0, measured));
    return (from, steps) => levelOrGrowing(mean + slope * (from + (steps - 1) / 2 - centre), slope, steps);
  };
  const [heldTrend, readTrend] = [trend(held), trend(read)];
  const pieces: Piece[] = [];
  for (let from = fromTokens + held.length; from < MOST_TOKENS;) {
    const steps = Math.max(PIECE_STEPS, Math.floor(from * TAIL_SHARE));
    pieces.push({ from, held: heldTrend(from, steps), read: readTrend(from, steps) });
    from += steps;
  }
  return pieces;
}
