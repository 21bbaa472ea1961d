import type { ScoredCase } from "../../validate/score.js";
import type { Chart } from "../report.js";
import { chartSpec, HALF, MS_LABEL } from "../theme.js";
import {
  panelPoints,
  targetColor,
  VALIDATION_PANELS,
  type PanelPoint,
  type ValidationPanel,
} from "./validation-panels.js";

interface Row extends Omit<PanelPoint, "target"> {
  readonly target?: PanelPoint["target"]; // not of the ends of the line of perfect prediction
}

/** Predicted against measured, a panel a kind of figure; on the line the prediction is right. */
export function validationScatter(scored: readonly ScoredCase[]): Chart {
  const points = panelPoints(scored);
  const panels = VALIDATION_PANELS.filter(({ title }) => points.some(({ panel }) => panel === title));
  const lines = panels.flatMap(({ title }): Row[] => {
    const [low, high] = range(points.filter(({ panel }) => panel === title));
    return [low, high].map((value) => ({
      panel: title,
      case: "",
      metric: "",
      load: 0,
      measured: value,
      predicted: value,
      error: 0,
    }));
  });
  return {
    name: "predicted-measured",
    title: "Predicted against measured",
    caption: "One dot a published run. On the line the prediction is right, above it too high. Logarithmic scales.",
    spec: chartSpec({ columns: 2, concat: panels.map((panel) => scatter(panel, points)) }),
    rows: [...lines, ...points],
  };
}

function scatter(panel: ValidationPanel, points: readonly PanelPoint[]): object {
  const domain = range(points.filter(({ panel: title }) => title === panel.title));
  const axis = (title: string): object => ({
    title,
    tickCount: 4,
    ...(panel.milliseconds ? { labelExpr: MS_LABEL } : { format: "~s" }),
  });
  const scale = { type: "log", domain, nice: false };
  const x = { field: "measured", type: "quantitative", scale, axis: axis("Measured") };
  const y = { field: "predicted", type: "quantitative", scale, axis: axis("Predicted") };
  return {
    ...HALF,
    height: 340,
    title: panel.title,
    transform: [{ filter: { field: "panel", equal: panel.title } }],
    layer: [
      {
        transform: [{ filter: "!isValid(datum.target)" }],
        mark: { type: "line", color: "#888888", strokeWidth: 1.2 },
        encoding: { x, y },
      },
      {
        transform: [{ filter: "isValid(datum.target)" }],
        mark: { type: "point", filled: true, size: 45, opacity: 0.75, tooltip: { content: "data" } },
        encoding: { x, y, color: targetColor(points) },
      },
    ],
  };
}

/** From a little below the least of both values to a little above the largest. */
function range(points: readonly PanelPoint[]): readonly [number, number] {
  const values = points.flatMap(({ measured, predicted }) => [measured, predicted]).filter((value) => value > 0);
  return [Math.min(...values) / 1.15, Math.max(...values) * 1.15];
}
