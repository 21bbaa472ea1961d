import type { TargetName } from "../../validate/case.js";
import type { ScoredCase } from "../../validate/score.js";
import { categoryColor } from "../theme.js";

/** Figures that share a panel: means, or what a publication has in their place. */
export interface ValidationPanel {
  readonly title: string;
  readonly metrics: readonly string[];
  readonly milliseconds: boolean;
}

export const VALIDATION_PANELS: readonly ValidationPanel[] = [
  { title: "Time to first token, mean", metrics: ["mean_ttft_ms"], milliseconds: true },
  {
    title: "Time per output token, mean, or median gap",
    metrics: ["mean_tpot_ms", "median_itl_ms"],
    milliseconds: true,
  },
  { title: "End to end, mean", metrics: ["mean_e2el_ms"], milliseconds: true },
  { title: "Output tokens per second", metrics: ["output_throughput"], milliseconds: false },
  { title: "Time to first token, P99", metrics: ["p99_ttft_ms"], milliseconds: true },
  { title: "Power of a GPU, W", metrics: ["mean_power_w"], milliseconds: false },
];

/** One figure of one run. */
export interface PanelPoint {
  readonly panel: string;
  readonly target: TargetName;
  readonly case: string;
  readonly metric: string;
  readonly load: number;
  readonly measured: number;
  readonly predicted: number;
  readonly error: number;
}

export function panelPoints(scored: readonly ScoredCase[]): readonly PanelPoint[] {
  return scored.flatMap(({ measuredCase, comparisons }) =>
    comparisons.flatMap(({ metric, measured, predicted, error }) => {
      const panel = VALIDATION_PANELS.find(({ metrics }) => metrics.includes(metric));
      if (panel === undefined) return [];
      const { name, target, loadLevel } = measuredCase;
      return [{ panel: panel.title, target, case: name, metric, load: loadLevel, measured, predicted, error }];
    }),
  );
}

/** Colour by kind of run, the same in every panel. */
export function targetColor(points: readonly PanelPoint[]): object {
  return categoryColor("target", [...new Set(points.map(({ target }) => target))]);
}
