import type { Policy } from "../policy/policy.js";
import type { RequestSink } from "../serve/books.js";
import type { Evidence } from "../serve/confidence.js";
import type { ScenarioOptions } from "../serve/options.js";
import type { Scenario } from "../serve/scenario.js";
import type { ServeResult } from "../serve/serve.js";
import { prepare } from "./prepare.js";
import { replicationOf } from "./replication.js";
import { Replicator } from "./replicator.js";
import type { Resolved } from "./resolve.js";
import { runOnce } from "./run-once.js";

/** A simulated policy: one run, and what tells how sure its figures are if that was asked for. */
export interface Simulation {
  readonly scenario: Scenario;
  readonly result: ServeResult;
  readonly evidence?: Evidence;
}

export interface SimulateOptions {
  readonly sink?: RequestSink | undefined; // gets the requests of the first run as they end
  readonly replicator?: Replicator; // of the other runs; default: here, one after another
}

const USUAL_LEVEL = 0.95;

/** Simulates one policy of a resolved scenario as often as the options say, with progress on stderr if it takes long. */
export async function simulate(
  options: ScenarioOptions,
  resolved: Resolved,
  policy: Policy,
  { sink, replicator = new Replicator(options, 1) }: SimulateOptions = {},
): Promise<Simulation> {
  const { replications = 1, confidence } = options;
  const built = prepare(options, resolved, policy);
  const started = Date.now();
  const label = policy.label + (replications === 1 ? "" : `, run 1 of ${replications}`);
  const batched = replications === 1 && confidence !== undefined;
  const { batches, ...first } = await runOnce(built, { label, sink, batched });
  if (replications > 1) {
    const seconds = (Date.now() - started) / 1000;
    const runs = await replicator.run(built, replicationOf(first), replications - 1, seconds);
    return { ...first, evidence: { level: confidence ?? USUAL_LEVEL, runs } };
  }
  return batches === undefined || confidence === undefined
    ? first
    : { ...first, evidence: { level: confidence, batches } };
}
