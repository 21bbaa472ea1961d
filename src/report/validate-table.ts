import type { Comparison, ScoredCase, TargetResult } from "../validate/score.js";
import { decimal } from "./format.js";
import { textTable } from "./text-table.js";

export const CASE_COLUMNS = ["Run", "metric", "predicted", "measured", "error"] as const;
export const TARGET_COLUMNS = ["Target", "metric", "runs", "of errors", "error", "bias", "asked", "met"] as const;

/** Every run: a line a metric, then the rows of targets. */
export function validateTable(scored: readonly ScoredCase[], targets: readonly TargetResult[]): string {
  return `${table(CASE_COLUMNS, caseRows(scored))}\n\n${table(TARGET_COLUMNS, targetTableRows(targets))}`;
}

/** One run, whoever measured it. */
export function comparisonTable(name: string, comparisons: readonly Comparison[]): string {
  return table(CASE_COLUMNS, comparisonRows(name, comparisons));
}

export function caseRows(scored: readonly ScoredCase[]): readonly (readonly string[])[] {
  return scored.flatMap(({ measuredCase, comparisons }) => comparisonRows(measuredCase.name, comparisons));
}

function comparisonRows(name: string, comparisons: readonly Comparison[]): readonly (readonly string[])[] {
  return comparisons.map(({ metric, predicted, measured, error }, i) => [
    i === 0 ? name : "",
    metric,
    decimal(predicted),
    decimal(measured),
    signedPercent(error),
  ]);
}

export function targetTableRows(targets: readonly TargetResult[]): readonly (readonly string[])[] {
  return targets.map((row, i) => [
    row.target === targets[i - 1]?.target ? "" : row.target,
    row.metric,
    String(row.cases),
    row.statistic,
    percent(row.error),
    signedPercent(row.bias),
    row.percent === undefined ? "-" : `${row.percent} %`,
    row.met === undefined ? "-" : row.met ? "yes" : "NO",
  ]);
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  return textTable(
    titles.map((title) => ({ title })),
    rows,
  );
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function signedPercent(share: number): string {
  return `${share >= 0 ? "+" : ""}${percent(share)}`;
}
