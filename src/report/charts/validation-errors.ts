import type { ScoredCase } from "../../validate/score.js";
import type { Chart } from "../report.js";
import { chartSpec, HALF } from "../theme.js";
import { panelPoints, targetColor, VALIDATION_PANELS, type PanelPoint } from "./validation-panels.js";

/** Errors beyond this are drawn at the edge; the data has them as they are. */
const EDGE = 0.6;

/** Error of each run over its load: what goes wrong with how much is asked of the engine. */
export function validationErrors(scored: readonly ScoredCase[]): Chart {
  const points = panelPoints(scored);
  const panels = VALIDATION_PANELS.filter(({ title }) => points.some(({ panel }) => panel === title));
  return {
    name: "errors",
    title: "Error by figure and load",
    caption:
      "Predicted / measured - 1. Load: requests per second in open loop and stages, requests in flight otherwise. " +
      `Errors beyond ${EDGE * 100} % are drawn at the edge.`,
    spec: chartSpec({ columns: 2, concat: panels.map(({ title }) => errors(title, points)) }),
    rows: points.map((point) => ({ ...point, drawn: Math.max(-EDGE, Math.min(EDGE, point.error)) })),
  };
}

function errors(title: string, points: readonly PanelPoint[]): object {
  return {
    ...HALF,
    title,
    transform: [{ filter: { field: "panel", equal: title } }],
    layer: [
      { mark: { type: "rule", color: "#888888" }, encoding: { y: { datum: 0 } } },
      {
        mark: { type: "point", filled: true, size: 45, opacity: 0.75, tooltip: { content: "data" } },
        encoding: {
          x: {
            field: "load",
            type: "quantitative",
            scale: { type: "log", base: 2 },
            axis: { title: "Load (log scale)", format: "~g", tickCount: 6 },
          },
          y: {
            field: "drawn",
            type: "quantitative",
            scale: { domain: [-EDGE, EDGE] },
            axis: { title: "Error", format: "+.0%", tickCount: 7 },
          },
          color: targetColor(points),
        },
      },
    ],
  };
}
