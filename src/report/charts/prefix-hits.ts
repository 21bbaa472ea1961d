import type { ArrivalPoint } from "../../workload/log-curves.js";
import type { Chart } from "../report.js";
import { chartSpec, PALETTE } from "../theme.js";
import { timeAxisTo } from "./time.js";

/** What an unlimited prefix cache would hold of the prompts, as the log goes on. */
export function prefixHitsChart(
  points: readonly ArrivalPoint[],
  binS: number,
  overall: number,
  of: "tokens" | "blocks",
): Chart {
  const rows = points.filter(({ hit_rate }) => hit_rate !== null).map(({ time_s, hit_rate }) => ({ time_s, hit_rate }));
  const { transform, x } = timeAxisTo((points.at(-1)?.time_s ?? 0) + binS);
  return {
    name: "prefix-hits",
    title: "Ideal prefix hit rate",
    caption: `Share of prompt ${of} that a prefix cache without limit would have held when the request arrived, each ${binS} s; dashed: of the whole log. The cache is empty at the start.`,
    spec: chartSpec({
      transform,
      width: 1010,
      height: 200,
      layer: [
        {
          mark: { type: "line", strokeWidth: 1.5, tooltip: true, color: PALETTE[0] },
          encoding: {
            x,
            y: {
              field: "hit_rate",
              type: "quantitative",
              scale: { domain: [0, 1] },
              axis: { title: `Share of prompt ${of}`, format: ".0%", tickCount: 5 },
            },
          },
        },
        { mark: { type: "rule", color: PALETTE[1], strokeDash: [4, 3] }, encoding: { y: { datum: overall } } },
      ],
    }),
    rows,
  };
}
