import type { Outcome } from "../../serve/outcome.js";
import { paretoFront } from "../pareto.js";
import type { Judged } from "../recorded.js";
import type { Chart } from "../report.js";
import { chartSpec } from "../theme.js";
import { memberOf, seriesStyle } from "./replay-series.js";

interface Point {
  readonly policy: string;
  readonly series: string; // policies that differ in their budget alone
  readonly output_throughput: number;
  readonly recall: number;
  readonly peak_kv_share: number | null;
  readonly oracle: boolean;
}

interface Row extends Point {
  readonly on_front: boolean;
  readonly text: string | undefined; // beside the point
}

/** What each policy keeps of the attention against the tokens it serves; budgets of one policy are joined by a line. */
export function qualityThroughputChart(outcomes: readonly Judged<Outcome>[]): Chart {
  const rows = rowsOf(outcomes);
  const { x, y } = axes(rows);
  const qualities = outcomes.flatMap(({ quality }) => quality ?? []);
  const color = { ...seriesStyle(qualities).color, legend: null }; // points have names
  const order = { field: "output_throughput", type: "quantitative" };
  return {
    name: "quality-throughput",
    title: "Quality against throughput",
    caption:
      "Better is up and right. Dashed: the Pareto front, policies that no other beats in both (oracles, drawn hollow, " +
      "are not part of it). Recall is measured on the recording, throughput simulated for the model served.",
    spec: chartSpec({
      width: 860,
      height: 340,
      layer: [
        {
          transform: [{ filter: "datum.on_front" }],
          mark: { type: "line", color: "#888888", strokeDash: [5, 4], strokeWidth: 1.5 },
          encoding: { x, y, order },
        },
        {
          mark: { type: "line", strokeWidth: 1.5, opacity: 0.5 },
          encoding: { x, y, color, order: { ...order, field: "recall" } },
        },
        {
          transform: [{ filter: "!datum.oracle" }],
          mark: { type: "point", filled: true, size: 90, opacity: 1, stroke: "white", strokeWidth: 0.5, tooltip: true },
          encoding: { x, y, color },
        },
        {
          transform: [{ filter: "datum.oracle" }],
          mark: { type: "point", filled: false, size: 90, tooltip: true },
          encoding: { x, y, color },
        },
        {
          mark: { type: "text", align: "left", dx: 8, dy: -1, fontSize: 11 },
          encoding: { x, y, text: { field: "text", type: "nominal" } },
        },
      ],
    }),
    rows,
  };
}

function rowsOf(outcomes: readonly Judged<Outcome>[]): readonly Row[] {
  const points = outcomes.flatMap(({ label, metrics, quality }): Point[] => {
    const throughput = metrics["output_throughput"];
    if (quality === undefined || throughput === undefined || throughput === null) return [];
    return [
      {
        policy: label,
        series: memberOf(quality).series,
        output_throughput: throughput,
        recall: quality.recall.mean,
        peak_kv_share: metrics["peak_kv_share"] ?? null,
        oracle: quality.oracle !== undefined,
      },
    ];
  });
  const known = points.filter(({ oracle }) => !oracle);
  const front = new Set(
    paretoFront(known.map((point) => [point.output_throughput, point.recall])).map((i) => known[i]),
  );
  const names = namesOf(points);
  return points.map((point, i) => ({ ...point, on_front: front.has(point), text: names[i] }));
}

/** Axes with room for the names right of the fastest. */
function axes(rows: readonly Row[]): { readonly x: object; readonly y: object } {
  const throughputs = rows.map((row) => row.output_throughput);
  const [slowest, fastest] = [Math.min(...throughputs), Math.max(...throughputs)];
  const lowest = Math.min(...rows.map(({ recall }) => recall));
  const room = Math.max(0.04 * fastest, 0.12 * (fastest - slowest));
  return {
    x: {
      field: "output_throughput",
      type: "quantitative",
      axis: { title: "Output tokens per second", format: "~s", tickCount: 8, grid: false },
      scale: { domain: [Math.max(0, slowest - room), fastest + 2 * room], zero: false, nice: false },
    },
    y: {
      field: "recall",
      type: "quantitative",
      axis: { title: "Recall of attention, mean", format: "~%", tickCount: 6 },
      scale: { domain: [Math.max(0, lowest - 0.05), 1.02], zero: false, nice: false },
    },
  };
}

/** Names beside points; of points too close for names of their own the first carries all. */
function namesOf(points: readonly Point[]): readonly string[] {
  const spread = (values: readonly number[]): number => Math.max(...values) - Math.min(...values);
  const width = spread(points.map((point) => point.output_throughput));
  const height = spread(points.map(({ recall }) => recall));
  const near = (a: Point, b: Point): boolean =>
    Math.abs(a.output_throughput - b.output_throughput) <= 0.1 * width &&
    Math.abs(a.recall - b.recall) <= 0.03 * height;
  const names = points.map(() => "");
  points.forEach((point, i) => {
    const first = points.findIndex((other, j) => j < i && names[j] !== "" && near(other, point));
    const at = first < 0 ? i : first;
    names[at] = names[at] === "" ? point.policy : `${names[at]}, ${point.policy}`;
  });
  return names;
}
