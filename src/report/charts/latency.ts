import type { LatencyMetric, Outcome } from "../../serve/outcome.js";
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

/** A logarithmic axis whose labels are few and round. */
function logAxis(values: readonly number[]): { domain: readonly number[]; ticks: readonly number[] } {
  const low = values.reduce((least, value) => Math.min(least, value), Infinity);
  const high = values.reduce((most, value) => Math.max(most, value), 0);
  // A range needs some width, even where all values are one.
  const domain = high / low < 1.1 ? [low / 1.1, high * 1.1] : [low / 1.02, high * 1.02];
  const ticks = roundTicks(low, high);
  if (ticks.length >= 2) return { domain, ticks };
  const between = [low, Math.sqrt(low * high), high].map((value) => Number(value.toPrecision(3)));
  return { domain, ticks: high / low < 1.1 ? between.slice(0, 1) : [...new Set(between)] };
}

/** 1, 2 and 5 of each power of ten that the values reach; over many powers only 1, so that labels fit. */
function roundTicks(low: number, high: number): readonly number[] {
  const first = Math.floor(Math.log10(low));
  const last = Math.floor(Math.log10(high));
  const steps = last - first > 3 ? [1] : [1, 2, 5];
  const powers = Array.from({ length: last - first + 1 }, (_, i) =>
    steps.map((step) => Number(`${step}e${first + i}`)),
  );
  return powers.flat().filter((tick) => tick >= low && tick <= high);
}
