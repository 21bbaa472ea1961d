import type { LayerQuality, ReplayResult } from "../../replay/quality.js";
import { percent } from "../format.js";
import { nameOf } from "../replay-table.js";
import type { Chart } from "../report.js";
import { chartSpec } from "../theme.js";
import { MAX_ROWS } from "../thin.js";

const MOST_WITH_TEXT = 18; // columns
const WIDTH = 900;

interface Place {
  readonly column: string;
  readonly recall: number;
}

/** Mean recall of each policy on each KV head: a cell each, layers side by side. */
export function headsChart({ policies, layers, kvHeads }: ReplayResult): Chart {
  const perHead = layers.length * kvHeads.length * policies.length <= MAX_ROWS;
  const columns = layers.flatMap((layer) => (perHead ? kvHeads.map((head) => `${layer}/${head}`) : [String(layer)]));
  const placesOf = ({ layer, recall, heads }: LayerQuality): Place[] =>
    perHead
      ? heads.map((each) => ({ column: `${layer}/${each.head}`, recall: each.recall.mean }))
      : [{ column: String(layer), recall: recall.mean }];
  const rows = policies.flatMap((policy) =>
    policy.layers.flatMap(placesOf).map((place) => ({ policy: nameOf(policy), ...place, text: percent(place.recall) })),
  );
  const lowest = Math.min(0.9, Math.floor(Math.min(...rows.map(({ recall }) => recall)) * 10) / 10);
  const step = Math.max(3, Math.min(58, Math.floor(WIDTH / columns.length)));
  const written = columns.length <= MOST_WITH_TEXT;
  const x = {
    field: "column",
    type: "ordinal",
    scale: { domain: columns },
    axis: {
      title: perHead ? "Layer / KV head" : "Layer, mean over its KV heads",
      orient: "top",
      labelAngle: columns.length > MOST_WITH_TEXT ? -90 : 0,
      grid: false,
      ticks: false,
      domain: false,
    },
  };
  const y = {
    field: "policy",
    type: "nominal",
    scale: { domain: policies.map(nameOf) },
    axis: { title: null, grid: false, ticks: false, domain: false, labelLimit: 220, labelOverlap: false },
  };
  const color = {
    field: "recall",
    type: "quantitative",
    scale: { scheme: "viridis", domain: [lowest, 1] },
    legend: { title: "Mean recall", orient: "right", format: ".0%", gradientLength: 160, tickCount: 5 },
  };
  // Dark text where the colour is bright.
  const bright = lowest + 0.6 * (1 - lowest);
  const text = {
    mark: { type: "text", fontSize: 10 },
    encoding: {
      x,
      y,
      text: { field: "text", type: "nominal" },
      color: { condition: { test: `datum.recall > ${bright}`, value: "#111111" }, value: "#ffffff" },
    },
  };
  return {
    name: "heads",
    title: perHead ? "Recall by KV head" : "Recall by layer",
    caption:
      "Mean recall of each policy (rows) on each KV head (columns), the brighter the better. Heads differ: those that look at sinks and the recent window are kept whole by any policy, those that look far back tell policies apart.",
    spec: chartSpec({
      width: { step },
      height: { step: 20 },
      layer: [{ mark: { type: "rect", tooltip: true }, encoding: { x, y, color } }, ...(written ? [text] : [])],
    }),
    rows,
  };
}
