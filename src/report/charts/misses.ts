import type { ReplayResult } from "../../replay/quality.js";
import type { Chart } from "../report.js";
import { MAX_ROWS, thin } from "../thin.js";
import { budgetPanels } from "./budget-panels.js";
import { LINE_LEGEND, memberOf, seriesStyle } from "./replay-series.js";

const MOST_POINTS = 100;
const ALL = "all milestone misses";
const PHOENIX = "of these, phoenix misses";

/** How often steps would have used what a policy had evicted, since the first step. Policies that miss nothing are left out. */
export function missesChart({ policies, settings }: ReplayResult): Chart {
  const most = Math.max(2, Math.min(MOST_POINTS, Math.floor(MAX_ROWS / Math.max(1, policies.length) / 2)));
  const missing = policies.filter(({ milestoneMisses }) => milestoneMisses.total > 0);
  const rows = missing.flatMap((policy) =>
    [ALL, PHOENIX].flatMap((what) => {
      let misses = 0; // summed before thinning: a step that is left out would be lost
      const values = what === ALL ? policy.steps.milestoneMisses : policy.steps.phoenixMisses;
      const points = values.map((value, i) => ({ step: settings.fromStep + i, misses: (misses += value) }));
      return thin(points, most).map((point) => ({ policy: policy.label, ...memberOf(policy), what, ...point }));
    }),
  );
  const y = { field: "misses", axis: { title: "Misses so far, mean of KV heads", format: ",d", tickCount: 5 } };
  const strokeDash = {
    field: "what",
    type: "nominal",
    scale: { domain: [ALL, PHOENIX], range: [[], [5, 3]] },
    legend: LINE_LEGEND,
  };
  return {
    name: "misses",
    title: "Milestone misses since the first step",
    caption: `A miss is an evicted position that a step would have used, with at least ${settings.theta} of its attention. Dashed: positions that had not been used for more than ${settings.phoenixGapSteps} steps and came back, which no recency can foresee. A steep stretch is a passage that needs what is gone. Policies without a miss are not drawn.`,
    spec: budgetPanels(missing, y, { color: seriesStyle(policies, missing).color, strokeDash }),
    rows,
  };
}
