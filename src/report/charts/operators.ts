import type { Outcome } from "../../serve/outcome.js";
import { percent, seconds } from "../format.js";
import type { Chart } from "../report.js";
import { categoryColor, chartSpec, PALETTE, policyAxis } from "../theme.js";
import { MAX_ROWS, thin } from "../thin.js";

/** Where the engine's time goes, by operator. */
export function operatorsChart(outcomes: readonly Outcome[]): Chart {
  const rows = thin(
    outcomes.flatMap((outcome) =>
      outcome.operators
        .filter((part) => part.seconds > 0)
        .map((part) => ({
          policy: outcome.label,
          ...part,
          text: `${percent(part.share)}  (${seconds(part.seconds)})`,
        })),
    ),
    MAX_ROWS,
  );
  const names = [...new Set(rows.map((row) => row.operator))];
  return {
    name: "operators",
    title: "Engine time by operator",
    caption: "Summed over all iterations and replicas; idle time between requests is not counted.",
    spec: chartSpec(outcomes.length === 1 ? oneBarEach(rows) : stacked(outcomes, names)),
    rows,
  };
}

function oneBarEach(rows: readonly { operator: string; share: number }[]): object {
  const widest = Math.max(0.01, ...rows.map((row) => row.share));
  const y = {
    field: "operator",
    type: "nominal",
    sort: [...rows].sort((a, b) => b.share - a.share).map((row) => row.operator),
    axis: {
      title: null,
      labelLimit: 220,
      ticks: false,
      domain: false,
      grid: false,
      labelPadding: 6,
      labelOverlap: false,
    },
  };
  const x = {
    field: "share",
    type: "quantitative",
    axis: { title: "Share of engine time", format: "~%", tickCount: 6 },
    scale: { domain: [0, widest * 1.2] }, // room for the text after the longest bar
  };
  return {
    width: 900,
    height: { step: 26 },
    layer: [
      { mark: { type: "bar", tooltip: true, color: PALETTE[0] }, encoding: { x, y } },
      {
        mark: { type: "text", align: "left", dx: 6, fontSize: 11 },
        encoding: { x, y, text: { field: "text", type: "nominal" } },
      },
    ],
  };
}

function stacked(outcomes: readonly Outcome[], names: readonly string[]): object {
  const panel = (title: string, x: object): object => ({
    width: 350,
    height: { step: 30 },
    title,
    mark: { type: "bar", tooltip: true },
    encoding: {
      y: policyAxis(outcomes),
      x: { type: "quantitative", stack: "zero", ...x },
      color: categoryColor("operator", names),
      order: { field: "rank", type: "quantitative" }, // the same order in every bar
    },
  });
  return {
    transform: [{ calculate: `indexof(${JSON.stringify(names)}, datum.operator)`, as: "rank" }],
    columns: 2,
    concat: [
      panel("Time", { field: "seconds", axis: { title: "Engine time (s, all replicas)", format: "~s", tickCount: 6 } }),
      panel("Share", {
        field: "share",
        axis: { title: "Share of engine time", format: ".0%", tickCount: 6 },
        scale: { domain: [0, 1] },
      }),
    ],
  };
}
