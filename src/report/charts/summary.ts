import type { Outcome } from "../../serve/outcome.js";
import { dollars, milliseconds, percent, si, type Format } from "../format.js";
import type { Chart } from "../report.js";
import { chartSpec, MS_LABEL, policyAxis, policyColor } from "../theme.js";

const PANELS: readonly { metric: string; title: string; format: Format; axis: object }[] = [
  { metric: "output_throughput", title: "Output tokens per second", format: si, axis: { format: "~s" } },
  { metric: "p99_ttft_ms", title: "p99 time to first token", format: milliseconds, axis: { labelExpr: MS_LABEL } },
  { metric: "p99_tpot_ms", title: "p99 time per output token", format: milliseconds, axis: { labelExpr: MS_LABEL } },
  { metric: "p99_e2el_ms", title: "p99 end-to-end latency", format: milliseconds, axis: { labelExpr: MS_LABEL } },
  { metric: "peak_kv_share", title: "Peak use of the KV pool", format: percent, axis: { format: "~%" } },
  {
    metric: "cost_per_million_output_tokens_usd",
    title: "US dollars per million output tokens",
    format: dollars,
    axis: { format: "$~g" },
  },
];

/** The figures a choice is made on, side by side. */
export function summaryChart(outcomes: readonly Outcome[]): Chart {
  const rows = PANELS.flatMap(({ metric, format }) =>
    outcomes.map((outcome) => {
      const value = outcome.metrics[metric] ?? null;
      return { policy: outcome.label, metric, value, text: format(value) };
    }),
  );
  const known = PANELS.filter(({ metric }) => rows.some((row) => row.metric === metric && row.value !== null));
  const panel = ({ metric, title, axis }: (typeof PANELS)[number]): object => {
    const largest = Math.max(0, ...rows.filter((row) => row.metric === metric).map((row) => row.value ?? 0));
    const x = {
      field: "value",
      type: "quantitative",
      axis: { title: null, tickCount: 3, ...axis },
      scale: { domain: [0, largest > 0 ? largest * 1.35 : 1] }, // room for the text after the longest bar
    };
    const y = policyAxis(outcomes);
    return {
      width: 165,
      height: { step: 26 },
      title,
      transform: [{ filter: { field: "metric", equal: metric } }],
      layer: [
        { mark: { type: "bar", tooltip: true }, encoding: { x, y, color: policyColor(outcomes) } },
        {
          mark: { type: "text", align: "left", dx: 5, fontSize: 11 },
          encoding: { x, y, text: { field: "text", type: "nominal" } },
        },
      ],
    };
  };
  return {
    name: "summary",
    title: "Summary",
    caption: "One bar a policy. Throughput: more is better. All others: less is better.",
    spec: chartSpec({ columns: 3, concat: known.map(panel) }),
    rows,
  };
}
