import type { LengthBin } from "../../workload/length-bins.js";
import { logAxis } from "../log-axis.js";
import type { Chart } from "../report.js";
import { categoryColor, chartSpec, HALF, INSIDE, PALETTE } from "../theme.js";

/** How long requests are: a histogram a part, and all as distribution functions. */
export function requestLengthsChart(rows: readonly LengthBin[]): Chart {
  const parts = [...new Set(rows.map(({ part }) => part))];
  const axis = (of: readonly LengthBin[]): object => {
    const { domain, ticks } = logAxis(of.flatMap(({ from_tokens, to_tokens }) => [from_tokens, to_tokens]));
    return {
      type: "quantitative",
      scale: { type: "log", domain, nice: false },
      axis: { title: "Tokens (log scale)", values: ticks, format: "~s", labelOverlap: "greedy", grid: false },
    };
  };
  const histogram = (part: string, i: number): object => ({
    ...HALF,
    title: part,
    transform: [{ filter: { field: "part", equal: part } }],
    mark: { type: "bar", tooltip: true, color: PALETTE[i], stroke: "white", strokeWidth: 0.3 },
    encoding: {
      x: { field: "from_tokens", ...axis(rows.filter((row) => row.part === part)) },
      x2: { field: "to_tokens" },
      y: { field: "share", type: "quantitative", axis: { title: "Share of requests", format: "~%", tickCount: 5 } },
      y2: { datum: 0 },
    },
  });
  return {
    name: "request-lengths",
    title: "Lengths of requests",
    caption:
      "Bins are evenly wide on the logarithmic scale where whole tokens allow. Requests without reasoning are left out of its share.",
    spec: chartSpec({
      columns: 2,
      resolve: { scale: { color: "independent" } }, // so that the legend is inside its panel
      concat: [
        ...parts.map(histogram),
        {
          ...HALF,
          title: "At most so long",
          mark: { type: "line", tooltip: true },
          encoding: {
            x: { field: "to_tokens", ...axis(rows) },
            y: {
              field: "share_below",
              type: "quantitative",
              scale: { domain: [0, 1] },
              axis: { title: "Share of requests", format: ".0%", values: [0, 0.25, 0.5, 0.75, 0.9, 0.99] },
            },
            color: { ...categoryColor("part", parts), legend: INSIDE },
          },
        },
      ],
    }),
    rows,
  };
}
