import type { AttentionMap } from "../../replay/attention-map.js";
import { pixelUrl, type Color } from "../pixels.js";

/** Attention is drawn on a logarithmic scale between these shares; what lies outside has the colour of the end. */
export const LEAST_SHARE = 0.001;
export const MOST_SHARE = 0.3;

/** Where a share stands on that scale, 0 … 1. */
export function logShare(share: number): number {
  const at = Math.log(share / LEAST_SHARE) / Math.log(MOST_SHARE / LEAST_SHARE);
  return Math.min(1, Math.max(0, at));
}

/** Steps downwards, positions to the right, a pixel a cell; the end of the prompt is a dashed line. */
export function mapPanel(
  map: AttentionMap,
  width: number,
  title: object | undefined,
  color: (row: number, column: number) => Color,
  layers: readonly object[] = [],
): object {
  const { attention, stepsPerRow, positionsPerColumn, fromStep, promptTokens } = map;
  const rows = attention.length;
  const columns = attention[rows - 1]?.length ?? 0;
  const bottom = fromStep + rows * stepsPerRow;
  const right = columns * positionsPerColumn;
  const picture = pixelUrl(rows, columns, (row, column) =>
    column < (attention[row]?.length ?? 0) ? color(row, column) : null,
  );
  const axis = { grid: false, format: ",d", tickCount: 6 };
  const x = { type: "quantitative", scale: { domain: [0, right], nice: false }, axis: { ...axis, title: "Position" } };
  const y = {
    type: "quantitative",
    scale: { domain: [fromStep, bottom], nice: false, reverse: true },
    axis: { ...axis, title: "Decode step" },
  };
  const once = { data: { values: [{}] } };
  return {
    width,
    height: Math.round((width * rows) / columns),
    ...(title === undefined ? {} : { title }),
    layer: [
      {
        ...once,
        mark: { type: "image", url: picture, aspect: false, smooth: false },
        encoding: { x: { datum: 0, ...x }, x2: { datum: right }, y: { datum: fromStep, ...y }, y2: { datum: bottom } },
      },
      {
        ...once,
        mark: { type: "rule", strokeDash: [3, 3], stroke: "#56B4E9", strokeWidth: 1.5 },
        encoding: { x: { datum: promptTokens, ...x } },
      },
      {
        ...once,
        mark: { type: "text", text: "end of prompt", align: "left", dx: 4, dy: -5, fontSize: 10, color: "#555555" },
        encoding: { x: { datum: promptTokens, ...x }, y: { datum: fromStep, ...y } },
      },
      ...layers,
    ],
  };
}
