import { parentPort, workerData } from "node:worker_threads";
import { InputError } from "../core/check.js";
import { openRecording } from "./recordings.js";
import { JobRunner, type JobResult, type ReplayJob } from "./replay-jobs.js";
import { resolvePolicies } from "./resolve.js";

/** What a worker is started with. Policies are functions and cannot be sent: their names build them again. */
export interface WorkerStart {
  readonly file: string;
  readonly policies: readonly string[];
  readonly folder: string | undefined;
}

/** A result, or the message of an InputError, whose class does not survive the way to another thread. */
export type Answer = { readonly result: JobResult } | { readonly refused: string };

let runner: Promise<JobRunner> | undefined;

async function start(): Promise<JobRunner> {
  const { file, policies, folder } = workerData as WorkerStart;
  return new JobRunner(openRecording(file), await resolvePolicies(policies), folder);
}

function report(steps: number): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window
  parentPort?.postMessage({ steps });
}

/** Entry of a worker thread: does one job. */
export default async function work(job: ReplayJob): Promise<Answer> {
  try {
    runner ??= start();
    return { result: (await runner).run(job, report) };
  } catch (cause) {
    if (cause instanceof InputError) return { refused: cause.message };
    throw cause;
  }
}
