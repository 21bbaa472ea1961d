import type { Outcome } from "../../serve/outcome.js";
import type { Chart } from "../report.js";
import { chartSpec, HALF, policyColor } from "../theme.js";
import { seriesRows, timeAxis } from "./time.js";

/** Tokens made and taken in over time. */
export function throughputChart(outcomes: readonly Outcome[]): Chart {
  const rows = seriesRows(outcomes, ({ output_tokens_per_s, input_tokens_per_s }) => ({
    output_tokens_per_s,
    input_tokens_per_s,
  }));
  const { transform, x } = timeAxis(outcomes);
  const panel = (title: string, field: string): object => ({
    ...HALF,
    title,
    mark: { type: "line", strokeWidth: 1.5, tooltip: true },
    encoding: {
      x,
      y: { field, type: "quantitative", axis: { title: "Tokens per second", format: "~s", tickCount: 6 } },
      color: policyColor(outcomes),
    },
  });
  return {
    name: "throughput",
    title: "Throughput over time",
    caption: "All replicas together, mean of each time bin. Left: tokens generated. Right: prompt tokens computed.",
    spec: chartSpec({
      transform,
      columns: 2,
      concat: [panel("Output", "output_tokens_per_s"), panel("Input (prefill)", "input_tokens_per_s")],
    }),
    rows,
  };
}
