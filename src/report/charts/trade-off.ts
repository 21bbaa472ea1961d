import type { Outcome } from "../../serve/outcome.js";
import type { Chart } from "../report.js";
import { chartSpec, HALF, MS_LABEL, policyColor } from "../theme.js";

const PANELS: readonly { field: "p99_ttft_ms" | "p99_tpot_ms"; title: string }[] = [
  { field: "p99_ttft_ms", title: "p99 time to first token" },
  { field: "p99_tpot_ms", title: "p99 time per output token" },
];

/** Throughput against the latency that is paid for it. */
export function tradeOffChart(outcomes: readonly Outcome[]): Chart {
  const rows = outcomes.map(({ label, metrics }) => ({
    policy: label,
    output_throughput: metrics["output_throughput"] ?? null,
    p99_ttft_ms: metrics["p99_ttft_ms"] ?? null,
    p99_tpot_ms: metrics["p99_tpot_ms"] ?? null,
    peak_kv_share: metrics["peak_kv_share"] ?? null,
  }));
  // Room beyond the largest, so that no dot is cut.
  const fromZero = (field: keyof (typeof rows)[number]): object => {
    const largest = Math.max(0, ...rows.map((row) => Number(row[field] ?? 0)));
    return { domain: [0, largest > 0 ? largest * 1.1 : 1], nice: false };
  };
  const panel = ({ field, title }: (typeof PANELS)[number]): object => ({
    ...HALF,
    width: 430,
    title: `Throughput against ${title}`,
    mark: { type: "point", filled: true, opacity: 0.9, tooltip: true, stroke: "white", strokeWidth: 0.5 },
    encoding: {
      x: {
        field,
        type: "quantitative",
        axis: { title, labelExpr: MS_LABEL, tickCount: 5 },
        scale: fromZero(field),
      },
      y: {
        field: "output_throughput",
        type: "quantitative",
        axis: { title: "Output tokens per second", format: "~s", tickCount: 6 },
        scale: fromZero("output_throughput"),
      },
      color: policyColor(outcomes),
      size: {
        field: "peak_kv_share",
        type: "quantitative",
        scale: { domain: [0, 1], range: [40, 500] },
        legend: {
          title: "Peak KV use",
          format: ".0%",
          values: [0.25, 0.5, 1],
          orient: "right",
          columns: 1,
          symbolFillColor: "#888888",
          symbolStrokeWidth: 0,
        },
      },
    },
  });
  return {
    name: "trade-off",
    title: "Throughput against tail latency",
    caption: "Better is up and left. The larger the dot, the fuller the KV pool at its peak.",
    spec: chartSpec({ columns: 2, concat: PANELS.map(panel) }),
    rows,
  };
}
