import type { PolicyQuality, ReplayResult } from "../../replay/quality.js";
import type { Chart } from "../report.js";
import { MAX_ROWS } from "../thin.js";
import { budgetPanels, stepBins } from "./budget-panels.js";
import { memberOf, seriesStyle } from "./replay-series.js";

const MOST_BINS = 60; // more would show the noise of single sentences

/** How the recall of each policy develops while the sequence grows. */
export function recallStepsChart({ policies, settings }: ReplayResult): Chart {
  const most = Math.max(1, Math.min(MOST_BINS, Math.floor(MAX_ROWS / policies.length)));
  const rows = policies.flatMap((policy: PolicyQuality) =>
    stepBins(policy.steps.recall, settings.fromStep, most).map(({ step, mean }) => ({
      policy: policy.label,
      ...memberOf(policy),
      step,
      recall: mean,
    })),
  );
  const y = {
    field: "recall",
    axis: { title: "Recall of attention", format: ".0%", tickCount: 5 },
    scale: { zero: false, nice: false, domainMax: 1 },
  };
  const size = Math.ceil((settings.toStep - settings.fromStep) / most);
  return {
    name: "recall-steps",
    title: "Recall over decode steps",
    caption: `Share of the attention that falls on what was read, mean over layers and KV heads${size === 1 ? "" : ` and about ${size} steps a point`}. A policy that stays level forgets no more as the output grows; each dip is a passage that looks back at what is gone or not read.`,
    spec: budgetPanels(policies, y, seriesStyle(policies)),
    rows,
  };
}
