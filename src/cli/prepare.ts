import type { Policy } from "../policy/policy.js";
import type { ScenarioOptions } from "../serve/options.js";
import { scenario, type Scenario } from "../serve/scenario.js";
import { capThinking, thinkingBudgets } from "../workload/thinking-budget.js";
import { lengthened } from "./length-option.js";
import type { Resolved } from "./resolve.js";

/** The scenario of one policy: its outputs lengthened and its thinking capped as the options say. */
export function prepare(options: ScenarioOptions, resolved: Resolved, policy: Policy): Scenario {
  const { model, profile } = resolved;
  const asked = lengthened(resolved.workload, policy, resolved.lengths);
  const budgets = thinkingBudgets(asked, options["thinking-budget"]);
  const workload = budgets === undefined ? asked : capThinking(asked, budgets);
  return scenario({ ...options, policy: policy.name }, { model, profile, workload, policy });
}
