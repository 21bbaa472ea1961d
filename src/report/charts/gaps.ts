import type { SharePoint } from "../../workload/log-curves.js";
import type { Chart } from "../report.js";
import { logAxis } from "../log-axis.js";
import { categoryColor, chartSpec, DASHES, HALF, INSIDE, SECONDS_LABEL } from "../theme.js";

/** A panel of distribution functions over seconds or counts, logarithmic; "" for no title. */
function sharePanel(title: string, rows: readonly SharePoint[], unit: "seconds" | "number", of: string): object {
  const names = [...new Set(rows.map(({ what }) => what))];
  const { domain, ticks } = logAxis(rows.map(({ value }) => value));
  return {
    ...HALF,
    ...(title === "" ? {} : { title }),
    transform: [{ filter: { field: "what", oneOf: names } }],
    mark: { type: "line", interpolate: unit === "number" ? "step-after" : "linear", tooltip: true },
    encoding: {
      x: {
        field: "value",
        type: "quantitative",
        scale: { type: "log", domain, nice: false },
        axis: {
          title: unit === "seconds" ? "Time (log scale)" : "Number (log scale)",
          values: ticks,
          ...(unit === "seconds" ? { labelExpr: SECONDS_LABEL } : { format: "~s" }),
          labelOverlap: "greedy",
          labelSeparation: 12,
        },
      },
      y: {
        field: "share",
        type: "quantitative",
        scale: { domain: [0, 1] },
        axis: { title: `Share of ${of}`, format: ".0%", values: [0, 0.25, 0.5, 0.75, 0.9, 0.99] },
      },
      order: { field: "share", type: "quantitative" },
      color: { ...categoryColor("what", names, names.length > 1), ...(names.length > 1 ? { legend: INSIDE } : {}) },
      strokeDash: {
        field: "what",
        type: "nominal",
        scale: { domain: names, range: names.map((_, i) => DASHES[i]) },
        legend: names.length > 1 ? { ...INSIDE, symbolSize: 700 } : null,
      },
    },
  };
}

/** How bursty arrivals are. */
export function gapsChart(gaps: readonly SharePoint[]): Chart {
  return {
    name: "gaps",
    title: "Gaps between arrivals",
    caption:
      "Share of gaps at or below a time, beside those of a Poisson process of the same rate; gaps of exactly 0 are where the line begins.",
    spec: chartSpec({ ...sharePanel("", gaps, "seconds", "gaps"), width: 1010 }),
    rows: gaps,
  };
}

/** How many requests sessions have and how they follow each other. */
export function sessionsChart(turns: readonly SharePoint[], times: readonly SharePoint[]): Chart {
  const panels = [sharePanel("Requests of a session", turns, "number", "sessions")];
  if (times.length > 0) panels.push(sharePanel("Within a session", times, "seconds", "follow-ups"));
  return {
    name: "sessions",
    title: "Sessions",
    caption:
      "Left: share of sessions with at most so many requests. Right: time to the next request of the session, with the service of the one before (from request) or without (from answer).",
    spec: chartSpec({
      columns: 2,
      concat: panels,
      resolve: { scale: { color: "independent", strokeDash: "independent" } },
    }),
    rows: [...turns, ...times],
  };
}
