import type { Outcome } from "../../serve/outcome.js";
import type { Chart } from "../report.js";
import { chartSpec, policyColor, policyDash, THIRD } from "../theme.js";
import { thinGroups } from "../thin.js";

/** Time and memory of one sequence against its decode length: O(N) memory and O(N²) time, or flat. */
export function decodeChart(outcomes: readonly Outcome[]): Chart {
  const rows = thinGroups(
    outcomes.map((outcome) => outcome.decodeCurve.map((point) => ({ policy: outcome.label, ...point }))),
  );
  const panel = (title: string, field: string, yTitle: string, transform: object[] = []): object => ({
    ...THIRD,
    title,
    ...(transform.length > 0 ? { transform } : {}),
    mark: { type: "line", tooltip: true },
    encoding: {
      x: {
        field: "generated",
        type: "quantitative",
        axis: { title: "Generated tokens", labelExpr: "format(datum.value, '~s')", grid: false, tickCount: 5 },
        scale: { zero: true, nice: false },
      },
      y: { field, type: "quantitative", axis: { title: yTitle, tickCount: 6 }, scale: { zero: true, nice: false } },
      color: policyColor(outcomes),
      strokeDash: policyDash(outcomes),
    },
  });
  return {
    name: "decode",
    title: "One sequence: time and memory against decode length",
    caption:
      "A single sequence alone on one replica. A policy that reads all it keeps gets slower with every token; one with a fixed budget stays flat.",
    spec: chartSpec({
      columns: 3,
      concat: [
        panel("Time of one step", "step_ms", "Step time (ms)"),
        panel("Decode time so far", "decode_s", "Decode time (s)"),
        panel("KV memory held", "kv_gib", "KV cache (GiB per replica)", [
          { calculate: "datum.kv_bytes / 1073741824", as: "kv_gib" },
        ]),
      ],
    }),
    rows,
  };
}
