import type { HeadKind } from "../../attention/head-kind.js";
import type { HeadShape } from "../../attention/trace-shape.js";
import { percent } from "../format.js";
import type { Chart } from "../report.js";
import { chartSpec } from "../theme.js";

/** Light enough for dark numbers on them; told apart by lightness too. */
const COLORS: Readonly<Record<HeadKind, string>> = { milestone: "#E69F00", phoenix: "#CC79A7", lazy: "#D3DEE8" };
const SHOWN_AS: Readonly<Record<HeadKind, string>> = {
  milestone: "milestone (waterfall)",
  phoenix: "phoenix",
  lazy: "lazy (sinks and recent window)",
};
const WIDEST_CELL = 44; // pixels
const NARROWEST_WITH_TEXT = 22;
const PANEL_WIDTH = 1000;

/** The mass that a head has of its kind. */
export function shareOfKind({ kind, shares }: HeadShape): number {
  return kind === "lazy" ? shares.sinks + shares.recent : shares[kind];
}

/** Layers by heads of a recording, which the title names: the kind of each, and how much of its attention is of that kind. */
export function headMapChart(heads: readonly HeadShape[], headTitle: string, subject: string): Chart {
  const rows = heads.map((head) => ({
    layer: head.layer,
    head: head.head,
    kind: SHOWN_AS[head.kind],
    share: shareOfKind(head),
    shown: `${Math.round(shareOfKind(head) * 100)}`,
    tooltip: `layer ${head.layer}, head ${head.head}: ${head.kind}, ${percent(shareOfKind(head))}`,
  }));
  const columns = new Set(rows.map((row) => row.head)).size;
  const cell = Math.max(8, Math.min(WIDEST_CELL, Math.floor(PANEL_WIDTH / columns)));
  const axis = { labelAngle: 0, domain: false, ticks: false, grid: false };
  const x = { field: "head", type: "ordinal", axis: { title: headTitle, ...axis } };
  const y = { field: "layer", type: "ordinal", axis: { title: "Layer", ...axis } };
  const kinds = Object.keys(COLORS) as HeadKind[];
  const color = {
    field: "kind",
    type: "nominal",
    scale: { domain: kinds.map((kind) => SHOWN_AS[kind]), range: kinds.map((kind) => COLORS[kind]) },
    legend: { symbolType: "square" },
  };
  const squares = {
    mark: { type: "rect", stroke: "white", strokeWidth: 1 },
    encoding: { x, y, color, tooltip: { field: "tooltip", type: "nominal" } },
  };
  const numbers = {
    mark: { type: "text", fontSize: cell >= 32 ? 12 : 9, color: "#222222" },
    encoding: { x, y, text: { field: "shown", type: "nominal" } },
  };
  return {
    name: "head-map",
    title: `Kinds of heads: ${subject}`,
    caption:
      "One square a head, coloured by its kind. The number is the share of its attention, in percent, that makes it so: on milestones beyond the recent window, on tokens that had slept, or, if it is lazy, on sinks and the recent window.",
    spec: chartSpec({
      width: { step: cell },
      height: { step: Math.min(cell, 32) },
      layer: cell >= NARROWEST_WITH_TEXT ? [squares, numbers] : [squares],
    }),
    rows,
  };
}
