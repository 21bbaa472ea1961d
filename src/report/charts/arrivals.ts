import type { ArrivalPoint } from "../../workload/log-curves.js";
import type { Chart } from "../report.js";
import { categoryColor, chartSpec, HALF, PALETTE } from "../theme.js";
import { timeAxisTo } from "./time.js";

/** Load over time: requests, and the tokens they bring. */
export function arrivalsChart(points: readonly ArrivalPoint[], binS: number): Chart {
  const end = (points.at(-1)?.time_s ?? 0) + binS;
  const { transform, x } = timeAxisTo(end);
  // The last point again at the end: a step is as long as its bin.
  const last = points.at(-1);
  const rows = last === undefined ? [] : [...points, { ...last, time_s: end }];
  const line = { type: "line", interpolate: "step-after", strokeWidth: 1.5, tooltip: true };
  return {
    name: "arrivals",
    title: "Arrivals over time",
    caption: `Means of ${binS} s each. Output tokens count at the time their request arrives.`,
    spec: chartSpec({
      transform,
      columns: 2,
      resolve: { scale: { color: "independent" } }, // so that the legend is inside its panel
      concat: [
        {
          ...HALF,
          title: "Requests",
          mark: { ...line, color: PALETTE[0] },
          encoding: {
            x,
            y: { field: "requests_per_s", type: "quantitative", axis: { title: "Requests per second", tickCount: 5 } },
          },
        },
        {
          ...HALF,
          title: "Tokens",
          transform: [
            { calculate: "datum.prompt_tokens_per_s", as: "Prompt" },
            { calculate: "datum.output_tokens_per_s", as: "Output" },
            { fold: ["Prompt", "Output"], as: ["part", "tokens"] },
          ],
          mark: line,
          encoding: {
            x,
            y: {
              field: "tokens",
              type: "quantitative",
              axis: { title: "Tokens per second", format: "~s", tickCount: 5 },
            },
            color: { ...categoryColor("part", ["Prompt", "Output"]), legend: { orient: "top-right", offset: 4 } },
          },
        },
      ],
    }),
    rows,
  };
}

/** Requests by hour of the day. */
export function dayCurveChart(hours: readonly number[], hoursAre: string): Chart {
  const mean = hours.reduce((sum, requests) => sum + requests, 0) / hours.length;
  return {
    name: "day-curve",
    title: `Requests by hour ${hoursAre}`,
    caption: "Days together. The line is the mean of the hours.",
    spec: chartSpec({
      width: 1010,
      height: 180,
      layer: [
        {
          mark: { type: "bar", tooltip: true, color: PALETTE[0] },
          encoding: {
            x: { field: "hour", type: "ordinal", axis: { title: `Hour ${hoursAre}`, labelAngle: 0, grid: false } },
            y: { field: "requests", type: "quantitative", axis: { title: "Requests", format: "~s", tickCount: 5 } },
          },
        },
        { mark: { type: "rule", color: PALETTE[1], strokeDash: [4, 3] }, encoding: { y: { datum: mean } } },
      ],
    }),
    rows: hours.map((requests, hour) => ({ hour, requests, relative_to_mean: requests / mean })),
  };
}
