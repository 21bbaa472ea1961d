import type { Metrics } from "../serve/outcome.js";
import type { MeasuredCase } from "./case.js";
import { TARGET_ROWS, type ErrorStatistic, type Target } from "./targets.js";

/** One metric of one case. */
export interface Comparison {
  readonly metric: string;
  readonly predicted: number;
  readonly measured: number;
  readonly error: number; // predicted / measured - 1
}

export interface ScoredCase {
  readonly measuredCase: MeasuredCase;
  readonly comparisons: readonly Comparison[]; // in the order of `measured`
}

/** A row of targets and how far the predictions are from it. */
export interface TargetResult extends Target {
  readonly cases: number;
  readonly error: number; // the statistic of the sizes of errors
  readonly bias: number; // mean signed error
  readonly met: boolean | undefined; // undefined where nothing is asked
}

/** Sets predicted figures beside the measured ones. A figure that was not predicted counts as 0. */
export function score(measuredCase: MeasuredCase, predicted: Metrics): ScoredCase {
  const comparisons = Object.entries(measuredCase.measured).map(([metric, measured]) => {
    const value = predicted[metric] ?? 0;
    return { metric, predicted: value, measured, error: value / measured - 1 };
  });
  return { measuredCase, comparisons };
}

/** Errors by row of targets; rows without a case are left out. */
export function targetResults(scored: readonly ScoredCase[]): readonly TargetResult[] {
  return TARGET_ROWS.flatMap((row) => {
    const errors = scored
      .filter(({ measuredCase }) => measuredCase.target === row.target)
      .flatMap(({ comparisons }) => comparisons.filter(({ metric }) => metric === row.metric))
      .map(({ error }) => error);
    if (errors.length === 0) return [];
    const error = statisticOf(row.statistic, errors.map(Math.abs));
    const met = row.percent === undefined ? undefined : 100 * error <= row.percent;
    return [{ ...row, cases: errors.length, error, bias: mean(errors), met }];
  });
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function statisticOf(statistic: ErrorStatistic, sizes: readonly number[]): number {
  switch (statistic) {
    case "worst":
      return Math.max(...sizes);
    case "mean":
      return mean(sizes);
    case "median": {
      const sorted = sizes.toSorted((a, b) => a - b);
      const middle = sorted.length >> 1;
      return sorted.length % 2 === 1
        ? (sorted[middle] as number)
        : mean([sorted[middle - 1] as number, sorted[middle] as number]);
    }
  }
}
