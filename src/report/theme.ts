import type { Outcome } from "../serve/outcome.js";

/** Okabe and Ito's colours, told apart with any common colour blindness; without their yellow, which white paper hides. */
export const PALETTE: readonly string[] = [
  "#0072B2",
  "#D55E00",
  "#009E73",
  "#CC79A7",
  "#E69F00",
  "#56B4E9",
  "#000000",
  "#7F7F7F",
  "#882255",
];

/** Dashes repeat what colours say, so that lines which lie on each other both show. */
export const DASHES: readonly (readonly number[])[] = [
  [],
  [7, 3],
  [2, 2],
  [9, 3, 2, 3],
  [4, 4],
  [12, 4],
  [1, 3],
  [6, 2, 2, 2],
];

export const TEXT_FONT = "DejaVu Sans, Liberation Sans, Helvetica, Arial, sans-serif";
const INK = "#222222";
const FAINT = "#e3e3e3";

const CONFIG = {
  background: "white",
  font: TEXT_FONT,
  view: { stroke: null },
  title: { anchor: "start", color: INK, fontSize: 13, fontWeight: "bold", offset: 8, subtitleColor: "#555555" },
  axis: {
    labelColor: INK,
    titleColor: INK,
    labelFontSize: 11,
    titleFontSize: 11,
    titleFontWeight: "normal",
    titlePadding: 8,
    gridColor: FAINT,
    domainColor: "#888888",
    tickColor: "#888888",
    labelOverlap: true,
  },
  header: { labelFontSize: 12, labelFontWeight: "bold", labelColor: INK, labelAnchor: "start", title: null },
  legend: {
    orient: "top",
    title: null,
    labelColor: INK,
    labelFontSize: 12,
    labelLimit: 360,
    symbolSize: 120,
    symbolStrokeWidth: 3,
    columns: 5,
    offset: 12,
  },
  concat: { spacing: 36 },
  facet: { spacing: 28 },
  line: { strokeWidth: 2 },
} as const;

/** A whole spec from its body: schema, theme and the named data. */
export function chartSpec(body: object): object {
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    config: CONFIG,
    data: { name: "rows" },
    padding: { left: 8, right: 16, top: 8, bottom: 8 },
    ...body,
  };
}

/** Two panels fill a page of 1200 pixels, three need narrower ones. */
export const HALF = { width: 470, height: 230 } as const;
export const THIRD = { width: 290, height: 230 } as const;

export function labels(outcomes: readonly Pick<Outcome, "label">[]): readonly string[] {
  return outcomes.map((outcome) => outcome.label);
}

/** Colour by policy, the same in every chart; one policy needs no legend. */
export function policyColor(outcomes: readonly Outcome[]): object {
  return categoryColor("policy", labels(outcomes), outcomes.length > 1);
}

export function policyDash(outcomes: readonly Outcome[]): object {
  const range = outcomes.map((_, i) => DASHES[i % DASHES.length]);
  return {
    field: "policy",
    type: "nominal",
    scale: { domain: labels(outcomes), range },
    legend: outcomes.length > 1 ? { symbolSize: 700 } : null, // long enough to show a dash pattern
  };
}

export function categoryColor(field: string, domain: readonly string[], legend = true): object {
  const range = domain.map((_, i) => PALETTE[i % PALETTE.length]);
  return { field, type: "nominal", scale: { domain, range }, ...(legend ? {} : { legend: null }) };
}

/** Policies from top to bottom in the order given. */
export function policyAxis(outcomes: readonly Pick<Outcome, "label">[]): object {
  return {
    field: "policy",
    type: "nominal",
    scale: { domain: labels(outcomes) },
    axis: {
      title: null,
      labelLimit: 170,
      grid: false,
      ticks: false,
      domain: false,
      labelPadding: 6,
      labelOverlap: false,
    },
  };
}

/** Milliseconds on an axis; seconds from a thousand on, not minutes: ticks are round in powers of ten. */
export const MS_LABEL =
  "datum.value === 0 ? '0' : datum.value >= 1000 ? format(datum.value / 1000, ',.4~r') + ' s' : format(datum.value, '.4~r') + ' ms'";

/** Seconds on a logarithmic axis, in the unit that makes the powers of ten short. */
export const SECONDS_LABEL =
  "datum.value < 1 ? format(datum.value * 1000, ',.3~r') + ' ms' : format(datum.value, ',.3~r') + ' s'";

/** A legend in the corner that a distribution function leaves free. */
export const INSIDE = { orient: "bottom-right", columns: 1, offset: 4 } as const;
