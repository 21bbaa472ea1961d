import { studentT } from "./student-t.js";

/** An estimate and the half width of its confidence interval. */
export interface Interval {
  readonly mean: number;
  readonly half: number;
}

/** The mean of independent values, at least two, with its Student t interval at `level`, e.g. 0.95. */
export function meanInterval(values: readonly number[], level: number): Interval {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, half: halfWidth(values, mean, level) };
}

/**
 * Half width of the interval around an estimate that was made of all data, from the same estimate made of each of k
 * independent parts: t · √(Σ(part - whole)² / (k - 1) / k). For means of equal parts this is the usual interval; for
 * quantiles it is sectioning (Asmussen and Glynn, Stochastic Simulation, 2007, III.5a), whose centre has the small bias
 * of the whole and not the larger one of the parts.
 */
export function halfWidth(parts: readonly number[], whole: number, level: number): number {
  const squares = parts.reduce((sum, part) => sum + (part - whole) ** 2, 0);
  const degrees = parts.length - 1;
  return squares === 0 ? 0 : studentT(level, degrees) * Math.sqrt(squares / degrees / parts.length);
}
