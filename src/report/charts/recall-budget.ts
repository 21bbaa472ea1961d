import type { PolicyQuality } from "../../replay/quality.js";
import type { Chart } from "../report.js";
import { chartSpec, HALF } from "../theme.js";
import { budgetsOf, memberOf, seriesStyle } from "./replay-series.js";

const RECALL =
  "Recall is the share of a step's attention that falls on what the policy read, means over steps, layers and KV heads: higher is better, further left is cheaper.";
const BUDGETS =
  "Policies hold and read different amounts at the same budget, so the last panel shows recall against the tokens that a step really reads; policies without a budget appear only there. A milestone miss is an evicted position that a step would have used.";

/** What each kind of policy keeps of the attention at each of its budgets; with one budget, against what it reads alone. */
export function recallBudgetChart(policies: readonly PolicyQuality[]): Chart {
  const rows = policies.map((policy) => ({
    policy: policy.label,
    ...memberOf(policy),
    oracle: policy.oracle ?? null,
    mean_recall: policy.recall.mean,
    p5_recall: policy.recall.p5,
    milestone_misses_per_step: policy.milestoneMisses.perStep,
    read_tokens: policy.readTokens.mean,
    held_tokens: policy.heldTokens.mean,
  }));
  const style = seriesStyle(policies);
  const budgets = budgetsOf(policies);
  const panel = (title: string, x: object, y: object, transform: object[] = []): object => ({
    ...HALF,
    title,
    ...(transform.length === 0 ? {} : { transform }),
    mark: { type: "line", tooltip: true, point: { filled: true, size: 45 } },
    encoding: { x: { type: "quantitative", ...x }, y: { type: "quantitative", ...y }, ...style },
  });
  const onBudget = (title: string, field: string, axis: object): object =>
    panel(
      title,
      {
        field: "budget",
        scale: { type: "log", base: 2, ...frame(budgets) },
        axis: { title: "Budget (tokens, log scale)", values: budgets, format: "d", grid: false },
      },
      { field, axis, scale: { zero: field === "milestone_misses_per_step" } },
      [{ filter: "datum.budget !== null" }],
    );
  const recall = (title: string): object => ({ title, format: ".0%", tickCount: 6 });
  const panels = [
    onBudget("Mean recall", "mean_recall", recall("Recall of attention")),
    onBudget("Recall of the worst steps (5th percentile)", "p5_recall", recall("Recall of attention")),
    onBudget("Milestone misses", "milestone_misses_per_step", { title: "Misses a step and KV head", tickCount: 6 }),
  ];
  const several = budgets.length > 1;
  const oracles = rows.some(({ oracle }) => oracle !== null) ? " Oracles see what no policy can: dotted bounds." : "";
  return {
    name: "recall-budget",
    title: several ? "Recall against budget" : "Recall against tokens read",
    caption: (several ? `${RECALL} ${BUDGETS}` : RECALL) + oracles,
    spec: chartSpec({
      columns: 2,
      concat: [
        ...(several ? panels : []),
        panel(
          "Mean recall against tokens read",
          {
            field: "read_tokens",
            scale: { type: "log", base: 2, nice: false, ...frame(rows.map((row) => row.read_tokens)) },
            axis: { title: "Tokens read by a step in a layer (log scale)", format: ",d", tickCount: 6, grid: false },
          },
          { field: "mean_recall", axis: recall("Recall of attention"), scale: { zero: false } },
        ),
      ],
    }),
    rows,
  };
}

/** A little room beside the outermost points; some width even where all are one. */
function frame(values: readonly number[]): { domain: readonly number[] } {
  return { domain: [Math.min(...values) / 1.1, Math.max(...values) * 1.1] };
}
