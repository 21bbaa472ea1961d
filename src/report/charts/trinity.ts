import type { Outcome } from "../../serve/outcome.js";
import { memory, milliseconds, percent, type Format } from "../format.js";
import type { Judged } from "../recorded.js";
import type { Chart } from "../report.js";
import { chartSpec, MS_LABEL, policyAxis, policyColor } from "../theme.js";

interface Panel {
  readonly field: "attention_lost" | "p50_tpot_ms" | "kv_gib";
  readonly title: string;
  readonly format: Format;
  readonly axis: object;
}

const GIB = 2 ** 30;
const PANELS: readonly Panel[] = [
  { field: "attention_lost", title: "Quality: attention lost", format: percent, axis: { format: "~%" } },
  { field: "p50_tpot_ms", title: "Time: per output token, p50", format: milliseconds, axis: { labelExpr: MS_LABEL } },
  {
    field: "kv_gib",
    title: "Memory: KV of one sequence",
    format: (value) => memory(value === null || value === undefined ? value : value * GIB),
    axis: { labelExpr: "datum.value === 0 ? '0' : format(datum.value, '~g') + ' GiB'" },
  },
];

/** Quality, time and memory of each policy: what it gives up for what it saves. */
export function trinityChart(outcomes: readonly Judged<Outcome>[]): Chart {
  const longest = Math.max(0, ...outcomes.map(({ decodeCurve }) => decodeCurve.at(-1)?.generated ?? 0));
  const rows = outcomes.flatMap(({ label, metrics, quality, decodeCurve }) => {
    const kvBytes = decodeCurve.at(-1)?.kv_bytes;
    const values = {
      attention_lost: quality === undefined ? null : 1 - quality.recall.mean,
      p50_tpot_ms: metrics["p50_tpot_ms"] ?? null,
      kv_gib: kvBytes === undefined ? null : kvBytes / GIB,
    };
    return PANELS.map(({ field, format }) => ({
      policy: label,
      measure: field,
      value: values[field],
      text: format(values[field]),
    }));
  });
  const color = { ...policyColor(outcomes), legend: null }; // the axis names them
  const panel = ({ field, title, axis }: Panel, place: number): object => {
    const largest = Math.max(0, ...rows.filter((row) => row.measure === field).map((row) => row.value ?? 0));
    const x = {
      field: "value",
      type: "quantitative",
      axis: { title: null, tickCount: 4, ...axis },
      scale: { domain: [0, largest > 0 ? largest * 1.3 : 1], nice: false }, // room for the text after the longest bar
    };
    const named = policyAxis(outcomes) as { readonly axis: object };
    const y = place === 0 ? named : { ...named, axis: null };
    return {
      width: 260,
      height: { step: 26 },
      title,
      transform: [{ filter: { field: "measure", equal: field } }],
      layer: [
        { mark: { type: "bar", tooltip: true }, encoding: { x, y, color } },
        {
          mark: { type: "text", align: "left", dx: 5, fontSize: 11 },
          encoding: { x, y, text: { field: "text", type: "nominal" } },
        },
      ],
    };
  };
  return {
    name: "trinity",
    title: "Quality, time and memory",
    caption:
      "One bar a policy; less is better in all three, and no policy is best in all. Attention lost: 1 - mean recall on " +
      `the recording. Memory: one sequence after ${longest.toLocaleString("en-US")} generated tokens.`,
    spec: chartSpec({ columns: 3, concat: PANELS.map(panel), spacing: 18 }),
    rows,
  };
}
