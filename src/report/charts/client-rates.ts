import type { ClientRate, ShareBin } from "../../workload/mix-statistics.js";
import type { Chart } from "../report.js";
import { categoryColor, chartSpec, PALETTE } from "../theme.js";
import { timeAxisTo } from "./time.js";

/** Who sends when: rates of the busiest clients and of all others, on top of each other. */
export function clientRatesChart(rates: readonly ClientRate[], binS: number): Chart {
  const names = [...new Set(rates.map(({ client }) => client))];
  const end = Math.max(0, ...rates.map(({ time_s }) => time_s)) + binS;
  const { transform, x } = timeAxisTo(end);
  const last = rates.filter(({ time_s }) => time_s === end - binS).map((rate) => ({ ...rate, time_s: end }));
  return {
    name: "client-rates",
    title: "Rates of clients over time",
    caption: "The busiest clients by their name, the others together; the upper edge is the rate of all.",
    spec: chartSpec({
      transform: [...transform, { calculate: `indexof(${JSON.stringify(names)}, datum.client)`, as: "rank" }],
      width: 1010,
      height: 260,
      mark: { type: "area", interpolate: "step-after", tooltip: true, opacity: 0.9 },
      encoding: {
        x,
        y: {
          field: "requests_per_s",
          type: "quantitative",
          stack: "zero",
          axis: { title: "Requests per second", tickCount: 6 },
        },
        color: { ...categoryColor("client", names), legend: { columns: names.length } },
        order: { field: "rank", type: "quantitative" },
      },
    }),
    rows: [...rates, ...last],
  };
}

/** How much of the output is reasoning, from request to request. */
export function reasoningSharesChart(bins: readonly ShareBin[]): Chart {
  return {
    name: "reasoning-shares",
    title: "Share of reasoning in the output",
    caption: "Share of requests by the part of their output that is reasoning; bins of 2 %.",
    spec: chartSpec({
      width: 1010,
      height: 180,
      mark: { type: "bar", tooltip: true, color: PALETTE[2], stroke: "white", strokeWidth: 0.3 },
      encoding: {
        x: {
          field: "from_share",
          type: "quantitative",
          scale: { domain: [0, 1] },
          axis: { title: "Reasoning, share of output", format: ".0%", grid: false },
        },
        x2: { field: "to_share" },
        y: { field: "share", type: "quantitative", axis: { title: "Share of requests", format: "~%", tickCount: 5 } },
        y2: { datum: 0 },
      },
    }),
    rows: bins,
  };
}
