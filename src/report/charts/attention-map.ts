import type { AttentionMap } from "../../replay/attention-map.js";
import { parseColor, ramp } from "../pixels.js";
import type { Chart } from "../report.js";
import { chartSpec } from "../theme.js";
import { LEAST_SHARE, logShare, mapPanel, MOST_SHARE } from "./map-panel.js";

/** Matplotlib's magma, in ninths: dark to bright in steps that any eye and a grey printer keep apart. */
const MAGMA = "000004 1d1046 51137c 822582 b6377a e65164 fb8762 fec387 fcfdbf".split(" ").map((hex) => `#${hex}`);

/** What one KV head looks at: decode steps downwards, positions to the right. */
export function attentionMapChart(map: AttentionMap): Chart {
  const { layer, head, stepsPerRow, positionsPerColumn, promptTokens, fromStep, toStep } = map;
  const color = ramp(MAGMA.map(parseColor));
  const stops = MAGMA.map((_, i) => LEAST_SHARE * (MOST_SHARE / LEAST_SHARE) ** (i / (MAGMA.length - 1)));
  const legend = {
    mark: { type: "point", opacity: 0 },
    encoding: {
      color: {
        field: "largest_share",
        type: "quantitative",
        scale: { type: "log", domain: stops, range: MAGMA, clamp: true },
        legend: {
          title: ["Share of a step's", "attention (log)"],
          orient: "right",
          gradientLength: 240,
          values: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3],
          format: "~g",
        },
      },
    },
  };
  const largest = Math.max(...map.attention.map((row) => Math.max(...row)));
  return {
    name: `attention-${layer}-${head}`,
    title: `Attention of layer ${layer}, KV head ${head}`,
    caption: `Each row of the picture is ${several(stepsPerRow, "decode step")}, each column ${several(positionsPerColumn, "position")}; a cell shows its largest share of attention, mean over the query heads of the KV head. Left of the dashed line is the prompt; the diagonal is the newest token. A bright first column is the attention sink. A milestone is a vertical streak that starts on the diagonal, stays bright while the token is of use, and fades. A phoenix is a column that lights up again after long dark. Shares of ${MOST_SHARE} and above have the brightest colour, of ${LEAST_SHARE} and below the darkest.`,
    spec: chartSpec(
      mapPanel(map, 720, undefined, (row, column) => color(logShare(map.attention[row]?.[column] ?? 0)), [legend]),
    ),
    rows: [
      {
        layer,
        head,
        prompt_tokens: promptTokens,
        from_step: fromStep,
        to_step: toStep,
        steps_per_row: stepsPerRow,
        positions_per_column: positionsPerColumn,
        largest_share: largest,
      },
    ],
  };
}

function several(count: number, what: string): string {
  return count === 1 ? `1 ${what}` : `${count} ${what}s`;
}
