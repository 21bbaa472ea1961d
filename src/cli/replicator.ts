import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import type { Piscina } from "piscina";
import { InputError } from "../core/check.js";
import type { Replication } from "../serve/confidence.js";
import type { ScenarioOptions } from "../serve/options.js";
import type { Scenario } from "../serve/scenario.js";
import { progressLine } from "./progress.js";
import { runReplication } from "./replication.js";
import type { ReplicationAnswer, ReplicationJob } from "./serve-worker.js";

/** Work too little for threads: each compiles the engine for itself, about a second of CPU time. */
const SMALL_SECONDS = 8;

/** Runs a scenario again and again, here or in threads; where changes no result. Threads are shared by all scenarios. */
export class Replicator {
  readonly #options: ScenarioOptions;
  readonly #workers: number | undefined;
  #pool: Promise<Piscina<ReplicationJob, ReplicationAnswer>> | undefined;

  /** `workers`: threads; unless given, as many as there are cores, none for little work. */
  constructor(options: ScenarioOptions, workers: number | undefined) {
    this.#options = options;
    this.#workers = workers;
  }

  /** Replications 1 to `last`, after the first took so many seconds. Throws InputError if they are all the same. */
  async run(scenario: Scenario, first: Replication, last: number, seconds: number): Promise<readonly Replication[]> {
    const label = scenario.parts.policy.label;
    // Footprints that a replay measured are not among the options, from which threads build everything.
    const alone = this.#options.trace !== undefined || this.#threads(last, seconds) < 2;
    const line = progressLine(label);
    let done = 1;
    const one = async (number: number): Promise<Replication> => {
      if (alone) return runReplication(scenario, number, `${label}, run ${number + 1} of ${last + 1}`);
      const result = await this.#inThread({ policy: scenario.parts.policy.name, number });
      line.update(() => `${++done} of ${last + 1} runs have ended`);
      return result;
    };
    const runs = [first];
    const asked = alone ? [] : Array.from({ length: last }, (_, i) => one(i + 1));
    for (const each of asked) each.catch(() => undefined); // the first that fails is thrown below
    for (let number = 1; number <= last; number++) {
      runs.push(await (asked[number - 1] ?? one(number)));
      if (number === 1) refuseEqual(runs);
    }
    line.end();
    return runs;
  }

  /** Ends all threads at once. */
  async end(): Promise<void> {
    await (await this.#pool)?.destroy();
  }

  #threads(last: number, seconds: number): number {
    if (this.#workers !== undefined) return Math.min(this.#workers, last);
    return last * seconds < SMALL_SECONDS ? 0 : Math.min(availableParallelism(), last);
  }

  async #inThread(job: ReplicationJob): Promise<Replication> {
    this.#pool ??= newPool(this.#options, this.#workers ?? availableParallelism());
    const answer = await (await this.#pool).run(job);
    if ("refused" in answer) throw new InputError("", answer.refused);
    return answer.result;
  }
}

/** Threads run what `npm run build` made. */
async function newPool(options: ScenarioOptions, threads: number): Promise<Piscina<ReplicationJob, ReplicationAnswer>> {
  const { Piscina } = await import("piscina");
  return new Piscina<ReplicationJob, ReplicationAnswer>({
    filename: fileURLToPath(new URL("../../dist/bin/serve-worker.js", import.meta.url)),
    minThreads: 1,
    maxThreads: threads,
    idleTimeout: 10_000,
    workerData: options,
    execArgv: [], // what was preloaded here is not for them
  });
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
