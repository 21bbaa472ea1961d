import type { ReplayResult } from "../../replay/quality.js";
import type { Chart } from "../report.js";
import { chartSpec } from "../theme.js";
import { MAX_ROWS } from "../thin.js";
import { DECODE_STEP, stepBins } from "./budget-panels.js";
import { budgetsOf, LINE_LEGEND, memberOf } from "./replay-series.js";

const MOST_BINS = 80;
const HELD = "held";
const READ = "read";

/** Memory and traffic of each policy while the sequence grows, in tokens: a panel a kind of policy, a colour a budget. */
export function heldTokensChart({ policies, settings }: ReplayResult): Chart {
  const most = Math.max(1, Math.min(MOST_BINS, Math.floor(MAX_ROWS / policies.length / 2)));
  const rows = policies.flatMap((policy) =>
    ([HELD, READ] as const).flatMap((what) => {
      const { series, budget } = memberOf(policy);
      const values = what === HELD ? policy.steps.heldTokens : policy.steps.readTokens;
      return stepBins(values, settings.fromStep, most).map(({ step, mean }) => ({
        policy: policy.label,
        series,
        budget: budget === null ? "none" : String(budget),
        what,
        step,
        tokens: mean,
      }));
    }),
  );
  const budgets = [...budgetsOf(policies).map(String), ...(rows.some((row) => row.budget === "none") ? ["none"] : [])];
  const largest = Math.max(...rows.map((row) => row.tokens));
  const panel = (series: string): object => ({
    width: 290,
    height: 170,
    title: series,
    transform: [{ filter: { field: "series", equal: series } }],
    mark: { type: "line", strokeWidth: 1.8, tooltip: true },
    encoding: {
      x: DECODE_STEP,
      y: {
        field: "tokens",
        type: "quantitative",
        axis: { title: "Tokens", format: ",d", tickCount: 5 },
        scale: { domain: [0, largest] },
      },
      detail: { field: "policy", type: "nominal" },
      color: {
        field: "budget",
        type: "ordinal",
        scale: { domain: budgets, scheme: "viridis" },
        legend: { ...LINE_LEGEND, title: "Budget", titleOrient: "left", columns: 8 },
      },
      strokeDash: {
        field: "what",
        type: "nominal",
        scale: { domain: [HELD, READ], range: [[], [5, 3]] },
        legend: { ...LINE_LEGEND, title: "Tokens", titleOrient: "left" },
      },
    },
  });
  return {
    name: "held-tokens",
    title: "Tokens held and read over decode steps",
    caption:
      "Held tokens are memory, read tokens are traffic, a panel a policy, means over layers and KV heads. A solid line that climbs holds all there is; a dashed line below it reads a part of that. Where both lie on each other, all that is held is read.",
    spec: chartSpec({ columns: 3, concat: [...new Set(rows.map((row) => row.series))].map(panel) }),
    rows,
  };
}
