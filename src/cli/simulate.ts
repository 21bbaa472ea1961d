import { setImmediate } from "node:timers/promises";
import type { Policy } from "../policy/policy.js";
import type { ScenarioOptions } from "../serve/options.js";
import { scenario, type Scenario } from "../serve/scenario.js";
import type { RequestSink } from "../serve/books.js";
import { serveInTurns, type ServeResult } from "../serve/serve.js";
import { capThinking, thinkingBudgets } from "../workload/thinking-budget.js";
import { lengthened } from "./length-option.js";
import { progressLine } from "./progress.js";
import type { Resolved } from "./resolve.js";

/** A simulated policy. */
export interface Simulation {
  readonly scenario: Scenario;
  readonly result: ServeResult;
}

/** Runs one policy of a resolved scenario, with progress on stderr if it takes long; requests go to `sink` as they end. */
export async function simulate(
  options: ScenarioOptions,
  resolved: Resolved,
  policy: Policy,
  sink?: RequestSink,
): Promise<Simulation> {
  const { model, profile } = resolved;
  const asked = lengthened(resolved.workload, policy, resolved.lengths);
  const budgets = thinkingBudgets(asked, options["thinking-budget"]);
  const workload = budgets === undefined ? asked : capThinking(asked, budgets);
  const built = scenario({ ...options, policy: policy.name }, { model, profile, workload, policy });
  const line = progressLine(policy.label);
  const result = await serveInTurns(built, () => setImmediate(), {
    sink,
    progress: ({ finished, sent, now }) =>
      line.update(
        `${finished.toLocaleString("en-US")} of ${sent.toLocaleString("en-US")} requests sent have ended, ${now.toFixed(0)} s simulated`,
      ),
  });
  line.end();
  return { scenario: built, result };
}
