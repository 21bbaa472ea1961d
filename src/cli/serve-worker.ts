import { workerData } from "node:worker_threads";
import { check, InputError } from "../core/check.js";
import type { Replication } from "../serve/confidence.js";
import type { ScenarioOptions } from "../serve/options.js";
import { prepare } from "./prepare.js";
import { runReplication } from "./replication.js";
import { resolve, type Resolved } from "./resolve.js";

/** One run of one policy, by its name: policies are functions and cannot be sent. */
export interface ReplicationJob {
  readonly policy: string;
  readonly number: number;
}

/** A result, or the message of an InputError, whose class does not survive the way to another thread. */
export type ReplicationAnswer = { readonly result: Replication } | { readonly refused: string };

const options = workerData as ScenarioOptions;
let resolved: Promise<Resolved> | undefined;

/** Entry of a worker thread: does one job. */
export default async function work({ policy: name, number }: ReplicationJob): Promise<ReplicationAnswer> {
  try {
    resolved ??= resolve(options);
    const policy = (await resolved).policies.find((each) => each.name === name);
    check(policy !== undefined, () => `a thread has no policy ${name}`);
    return { result: await runReplication(prepare(options, await resolved, policy), number) };
  } catch (cause) {
    if (cause instanceof InputError) return { refused: cause.message };
    throw cause;
  }
}
