import type { PolicyQuality } from "../../replay/quality.js";
import { chartSpec, THIRD } from "../theme.js";
import { budgetsOf } from "./replay-series.js";

/** The horizontal axis. */
export const DECODE_STEP = {
  field: "step",
  type: "quantitative",
  axis: { title: "Decode step", format: ",d", tickCount: 5, grid: false },
  scale: { zero: false, nice: false },
} as const;

/** Small multiples over decode steps: a panel a budget, each with the policies that have none. Rows carry `budget`. */
export function budgetPanels(policies: readonly PolicyQuality[], y: object, style: object): object {
  const budgets = budgetsOf(policies);
  const alone = budgets.length < 2;
  const panel = (title: string | undefined, transform: object[]): object => ({
    ...(alone ? { width: 860, height: 300 } : THIRD),
    ...(title === undefined ? {} : { title }),
    ...(transform.length === 0 ? {} : { transform }),
    mark: { type: "line", strokeWidth: 1.5, tooltip: true },
    encoding: {
      x: DECODE_STEP,
      y: { type: "quantitative", ...y },
      ...style,
    },
  });
  if (alone) return chartSpec(panel(undefined, []));
  return chartSpec({
    columns: 3,
    concat: budgets.map((budget) =>
      panel(`Budget ${budget.toLocaleString("en-US")}`, [
        { filter: `datum.budget === ${budget} || datum.budget === null` },
      ]),
    ),
  });
}

/** Decode steps in at most `most` bins of equal size, within one: the bin's first step and its values' mean. */
export function stepBins(values: readonly number[], fromStep: number, most: number): { step: number; mean: number }[] {
  const bins = Math.min(most, values.length);
  const start = (bin: number): number => Math.floor((bin * values.length) / bins);
  return Array.from({ length: bins }, (_, bin) => {
    const part = values.slice(start(bin), start(bin + 1));
    return { step: fromStep + start(bin), mean: part.reduce((sum, value) => sum + value, 0) / part.length };
  });
}
