import { replicationSeed } from "../core/rng.js";
import type { Replication } from "../serve/confidence.js";
import { summary } from "../serve/outcome-of.js";
import type { Scenario } from "../serve/scenario.js";
import { runOnce, type Run } from "./run-once.js";
import { version } from "./version.js";

/** What counts of a run among others. */
export function replicationOf({ scenario, result }: Pick<Run, "scenario" | "result">): Replication {
  const { metrics, saturation } = summary(scenario, result, version());
  return { seed: scenario.seed, metrics, saturated: saturation.saturated };
}

/**
 * Runs a scenario with the seed of replication `number`, from 1. It depends on the scenario's seed and the number alone,
 * not on the policy: policies are compared over the same requests. With a label there is progress on stderr.
 */
export async function runReplication(scenario: Scenario, number: number, label?: string): Promise<Replication> {
  const again = { ...scenario, seed: replicationSeed(scenario.seed, number) };
  return replicationOf(await runOnce(again, { label, batched: false }));
}
