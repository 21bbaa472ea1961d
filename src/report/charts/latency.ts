import type { LatencyMetric, Outcome } from "../../serve/outcome.js";
import { logAxis } from "../log-axis.js";
import type { Chart } from "../report.js";
import { chartSpec, HALF, MS_LABEL, policyColor, policyDash } from "../theme.js";
import { thinGroups } from "../thin.js";

const PANELS: readonly { metric: LatencyMetric; title: string; unit: string }[] = [
  { metric: "ttft", title: "Time to first token (TTFT)", unit: "requests" },
  { metric: "tpot", title: "Time per output token (TPOT), mean of a request", unit: "requests" },
  { metric: "itl", title: "Inter-token latency (ITL)", unit: "gaps" },
  { metric: "e2el", title: "End-to-end latency (E2E)", unit: "requests" },
];

/** Distribution of the four latencies: small multiples, logarithmic. */
export function latencyChart(outcomes: readonly Outcome[]): Chart {
  const rows = thinGroups(
    outcomes.flatMap((outcome) =>
      PANELS.map(({ metric }) =>
        outcome.latency
          .filter((point) => point.metric === metric && point.ms > 0) // a logarithm has no zero
          .map(({ share, ms }) => ({ policy: outcome.label, metric, share, ms })),
      ),
    ),
  );
  const present = PANELS.filter(({ metric }) => rows.some((row) => row.metric === metric));
  return {
    name: "latency",
    title: "Latency distribution",
    caption:
      "Share of values at or below a latency; further left is faster. Logarithmic scale. Tail: where a curve crosses 99%.",
    spec: chartSpec({
      columns: 2,
      concat: present.map((panel) =>
        latencyPanel(
          panel,
          outcomes,
          rows.filter((row) => row.metric === panel.metric).map((row) => row.ms),
        ),
      ),
    }),
    rows,
  };
}

function latencyPanel(panel: (typeof PANELS)[number], outcomes: readonly Outcome[], values: readonly number[]): object {
  const { domain, ticks } = logAxis(values);
  return {
    ...HALF,
    title: panel.title,
    transform: [{ filter: { field: "metric", equal: panel.metric } }],
    mark: { type: "line", tooltip: true },
    encoding: {
      x: {
        field: "ms",
        type: "quantitative",
        scale: { type: "log", domain, nice: false },
        axis: {
          title: "Latency (log scale)",
          labelExpr: MS_LABEL,
          labelOverlap: "greedy",
          labelSeparation: 12,
          values: ticks,
        },
      },
      y: {
        field: "share",
        type: "quantitative",
        scale: { domain: [0, 1] },
        axis: { title: `Share of ${panel.unit}`, format: ".0%", values: [0, 0.25, 0.5, 0.75, 0.9, 0.99] },
      },
      order: { field: "share", type: "quantitative" },
      color: policyColor(outcomes),
      strokeDash: policyDash(outcomes),
    },
  };
}
