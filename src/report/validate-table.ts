import type { ScoredCase, TargetResult } from "../validate/score.js";
import { decimal } from "./format.js";
import { textTable } from "./text-table.js";

/** Every case: a line a metric, then the rows of targets. */
export function validateTable(scored: readonly ScoredCase[], targets: readonly TargetResult[]): string {
  const cases = scored.flatMap(({ measuredCase, comparisons }) =>
    comparisons.map(({ metric, predicted, measured, error }, i) => [
      i === 0 ? measuredCase.name : "",
      metric,
      decimal(predicted),
      decimal(measured),
      signedPercent(error),
    ]),
  );
  const columns = ["Case", "metric", "predicted", "measured", "error"].map((title) => ({ title }));
  return `${textTable(columns, cases)}\n\n${targetTable(targets)}`;
}

/** The rows of targets alone. */
export function targetTable(targets: readonly TargetResult[]): string {
  const columns = ["Target", "metric", "cases", "of errors", "error", "bias", "target", "met"].map((title) => ({
    title,
  }));
  const rows = targets.map((row, i) => [
    row.target === targets[i - 1]?.target ? "" : row.target,
    row.metric,
    String(row.cases),
    row.statistic,
    percent(row.error),
    signedPercent(row.bias),
    row.percent === undefined ? "-" : `${row.percent} %`,
    row.met === undefined ? "-" : row.met ? "yes" : "NO",
  ]);
  return textTable(columns, rows);
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

export function signedPercent(share: number): string {
  return `${share >= 0 ? "+" : ""}${percent(share)}`;
}
