import { InputError } from "../core/check.js";
import { replicationSeed } from "../core/rng.js";
import type { Policy } from "../policy/policy.js";
import type { RequestSink } from "../serve/books.js";
import type { Evidence, Replication } from "../serve/confidence.js";
import type { ScenarioOptions } from "../serve/options.js";
import { summary } from "../serve/outcome-of.js";
import { scenario, type Scenario } from "../serve/scenario.js";
import type { ServeResult } from "../serve/serve.js";
import { capThinking, thinkingBudgets } from "../workload/thinking-budget.js";
import { lengthened } from "./length-option.js";
import type { Resolved } from "./resolve.js";
import { runOnce, type Run } from "./run-once.js";
import { version } from "./version.js";

/** A simulated policy: one run, and what tells how sure its figures are if that was asked for. */
export interface Simulation {
  readonly scenario: Scenario;
  readonly result: ServeResult;
  readonly evidence?: Evidence;
}

const USUAL_LEVEL = 0.95;

/**
 * Simulates one policy of a resolved scenario, as often as asked for, with progress on stderr if it takes long; requests
 * of the first run go to `sink` as they end. Runs of one number have one seed whatever the policy is, so that policies
 * are compared over the same requests.
 */
export async function simulate(
  options: ScenarioOptions,
  resolved: Resolved,
  policy: Policy,
  sink?: RequestSink,
): Promise<Simulation> {
  const { replications = 1, confidence } = options;
  const built = build(options, resolved, policy);
  const label = (run: number): string => policy.label + (replications === 1 ? "" : `, run ${run} of ${replications}`);
  const batched = replications === 1 && confidence !== undefined;
  const { scenario: settled, result, batches } = await runOnce(built, { label: label(1), sink, batched });
  const first = { scenario: settled, result };
  if (batches !== undefined && confidence !== undefined) {
    return { ...first, evidence: { level: confidence, batches } };
  }
  if (replications === 1) return first;
  const runs = [replication(first)];
  for (let r = 1; r < replications; r++) {
    const again = { ...built, seed: replicationSeed(options.seed, r) };
    runs.push(replication(await runOnce(again, { label: label(r + 1), batched: false })));
    if (r === 1) refuseEqual(runs);
  }
  return { ...first, evidence: { level: confidence ?? USUAL_LEVEL, runs } };
}

function build(options: ScenarioOptions, resolved: Resolved, policy: Policy): Scenario {
  const { model, profile } = resolved;
  const asked = lengthened(resolved.workload, policy, resolved.lengths);
  const budgets = thinkingBudgets(asked, options["thinking-budget"]);
  const workload = budgets === undefined ? asked : capThinking(asked, budgets);
  return scenario({ ...options, policy: policy.name }, { model, profile, workload, policy });
}

function replication({ scenario: run, result }: Pick<Run, "scenario" | "result">): Replication {
  const { metrics, saturation } = summary(run, result, version());
  return { seed: run.seed, metrics, saturated: saturation.saturated };
}

/** Another seed that changes no figure at all: nothing is drawn. */
function refuseEqual([one, other]: readonly Replication[]): void {
  const keys = Object.keys(one?.metrics ?? {});
  if (keys.some((key) => one?.metrics[key] !== other?.metrics[key])) return;
  throw new InputError(
    "replications",
    "all runs are equal: nothing in this scenario is drawn at random, as in a request log with its own arrivals; leave it out (--confidence alone gives intervals by batch means)",
  );
}
