import type { Scenario } from "./scenario.js";
import type { ServeResult } from "./serve.js";

/** How often completed requests met their thinking budget, and what it saved; nothing where there is none. */
export function budgetMetrics({ options }: Scenario, { requests }: ServeResult): Record<string, number> {
  if (options["thinking-budget"] === undefined) return {};
  let met = 0;
  let cut = 0;
  requests.specs.forEach(({ cutTokens }, id) => {
    if (cutTokens === undefined || Number.isNaN(requests.end[id])) return;
    met++;
    cut += cutTokens;
  });
  return { thinking_budget_met: met, thinking_tokens_cut: cut };
}
