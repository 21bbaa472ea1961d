import type { Outcome } from "../../serve/outcome.js";
import type { Chart } from "../report.js";
import { categoryColor, chartSpec, HALF, labels } from "../theme.js";
import { seriesRows, timeAxis } from "./time.js";

/** Requests in the system over time: those in the engine, and above them those in the queue. */
export function concurrencyChart(outcomes: readonly Outcome[]): Chart {
  const rows = seriesRows(outcomes, ({ running, waiting }) => ({ running, waiting }));
  const { transform, x } = timeAxis(outcomes);
  const panel = {
    ...HALF,
    ...(outcomes.length === 1 ? { width: 1060 } : {}),
    mark: { type: "area", tooltip: true, opacity: 0.85 },
    encoding: {
      x,
      // Edges are given, not stacked: stacking would fill in zeros at the time bins of the other panels.
      y: {
        field: "top",
        type: "quantitative",
        stack: null,
        axis: { title: "Requests", format: "~s", tickCount: 6 },
      },
      y2: { field: "bottom" },
      color: categoryColor("state", ["running", "waiting"]),
    },
  };
  const prepare = [
    ...transform,
    { fold: ["running", "waiting"], as: ["state", "requests"] },
    { calculate: "datum.state === 'running' ? 0 : datum.running", as: "bottom" },
    { calculate: "datum.bottom + datum.requests", as: "top" },
  ];
  return {
    name: "concurrency",
    title: "Requests in the system over time",
    caption:
      "Running: admitted by the engine. Waiting: in the queue, on top. A waiting band that only grows means more load than capacity.",
    spec: chartSpec(
      outcomes.length === 1
        ? { transform: prepare, ...panel }
        : {
            transform: prepare,
            facet: { field: "policy", type: "nominal", sort: labels(outcomes) },
            columns: 2,
            spec: panel,
          },
    ),
    rows,
  };
}
