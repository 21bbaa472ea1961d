import type { Scenario } from "./scenario.js";
import type { ServeResult } from "./serve.js";

/** How often completed requests met their thinking budget, and what it saved; nothing where there is none. */
export function budgetMetrics({ workload }: Scenario, { books: { tally } }: ServeResult): Record<string, number> {
  if (workload.capsThinking !== true) return {};
  return { thinking_budget_met: tally.budgetMet, thinking_tokens_cut: tally.cutTokens };
}
