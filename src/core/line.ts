/** A quantity that changes linearly from one decode step to the next: after k steps it is now + k · perStep. */
export interface Line {
  readonly now: number;
  readonly perStep: number;
}

export const ZERO: Line = { now: 0, perStep: 0 };

export function constant(now: number): Line {
  return { now, perStep: 0 };
}

export function at(line: Line, steps: number): number {
  return line.now + steps * line.perStep;
}

/** The lower of two lines, and the steps, at least 1, for which it stays the lower one. */
export function lower(a: Line, b: Line): { readonly line: Line; readonly steadyFor: number } {
  const [low, high] = a.now < b.now || (a.now === b.now && a.perStep <= b.perStep) ? [a, b] : [b, a];
  const gain = low.perStep - high.perStep;
  return { line: low, steadyFor: gain <= 0 ? Infinity : Math.floor((high.now - low.now) / gain) + 1 };
}

/** Sum of the first n values. Exact while values and sums are multiples of one quantum below 2^53 quanta. */
export function total(line: Line, n: number): number {
  return seriesTotal(line.now, line.perStep, n);
}

/** The same of a line that is no object. */
export function seriesTotal(now: number, perStep: number, n: number): number {
  return n * now + perStep * ((n * (n - 1)) / 2);
}

/**
 * Smallest n ≥ 1 with total(line, n) ≥ amount, at most `limit`. Needs now ≥ 0 and perStep ≥ 0.
 * The root of the quadratic, then corrected by single steps where rounding asks for it.
 */
export function stepsToReach(line: Line, amount: number, limit: number): number {
  if (total(line, limit) < amount) return limit;
  const halfSlope = line.perStep / 2;
  const linear = line.now - halfSlope;
  const root =
    halfSlope === 0 ? amount / line.now : (2 * amount) / (linear + Math.sqrt(linear * linear + 4 * halfSlope * amount)); // stable for small slopes
  let n = Number.isFinite(root) ? Math.min(limit, Math.max(1, Math.ceil(root))) : 1;
  while (n > 1 && total(line, n - 1) >= amount) n--;
  while (n < limit && total(line, n) < amount) n++;
  return n;
}
