import { describe, expect, test } from "vitest";
import type { HeadKind } from "../../attention/head-kind.js";
import type { HeadShape } from "../../attention/trace-shape.js";
import { chartFaults } from "../../test/chart-faults.js";
import { renderSvg } from "../svg.js";
import { headMapChart, shareOfKind } from "./head-map.js";

const ENTRIES = { mean: 10, p50: 9, p90: 20, p99: 30 };
const KINDS: readonly HeadKind[] = ["lazy", "milestone", "phoenix"];

function head(layer: number, index: number): HeadShape {
  return {
    layer,
    head: index,
    kind: KINDS[(layer + index) % 3] as HeadKind,
    shares: { sinks: 0.4, recent: 0.25, milestone: 0.2, phoenix: 0.1, steady: 0.04, faint: 0.01 },
    fadedShare: 0.5,
    phoenixTokens: [],
    entries99: ENTRIES,
    entries90: ENTRIES,
  };
}

const heads = (layers: readonly number[], count: number): HeadShape[] =>
  layers.flatMap((layer) => Array.from({ length: count }, (_, index) => head(layer, index)));

test("the share of a head is that of its kind", () => {
  expect([0, 1, 2].map((index) => shareOfKind(head(0, index)))).toEqual([0.65, 0.2, 0.1]);
});

describe.each([
  ["a recording of a few layers", [14, 21, 23], 9],
  ["a whole model", Array.from({ length: 28 }, (_, layer) => layer), 28],
  ["many heads", [0, 1], 128],
] as const)("the head map of %s", (_, layers, count) => {
  const chart = headMapChart(heads(layers, count), "Query head", "made up (synthetic)");

  test("is sound and has a row for each head", () => {
    expect(chartFaults(chart.spec)).toEqual([]);
    expect(chart.rows).toHaveLength(layers.length * count);
  });

  test("draws a square for each, and shares where there is room", async () => {
    const svg = await renderSvg(chart);
    for (const colour of ["#E69F00", "#CC79A7", "#D3DEE8"]) {
      const squares = svg.split(`fill="${colour}"`).length - 1;
      expect(squares).toBeGreaterThanOrEqual(Math.floor((layers.length * count) / 3));
    }
    expect(svg).toContain("Kinds of heads: made up (synthetic)");
    const shares = svg.match(/>(65|20|10)<\/text>/g)?.length ?? 0;
    if (count <= 28) expect(shares).toBeGreaterThanOrEqual(layers.length * count);
    else expect(shares).toBeLessThanOrEqual(3); // axis labels at most
  });
});
