import { setImmediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { InputError } from "../core/check.js";
import type { Policy } from "../policy/policy.js";
import type { AttentionTrace } from "../trace/attention-trace.js";
import { JobRunner, type JobResult, type ReplayJob } from "./replay-jobs.js";
import type { Answer, WorkerStart } from "./replay-worker.js";

/** Whoever does the jobs of a replay. */
export interface Crew {
  run(job: ReplayJob): Promise<JobResult>;
  /** Ends all work at once. */
  end(): Promise<void>;
}

type Progress = (steps: number) => void;

/** This thread, one job after another; signals are heard in between. */
export function localCrew(
  trace: AttentionTrace,
  policies: readonly Policy[],
  folder: string | undefined,
  progress: Progress,
): Crew {
  const runner = new JobRunner(trace, policies, folder);
  let last: Promise<unknown> = Promise.resolve();
  return {
    run(job) {
      const result = last.then(() => setImmediate()).then(() => runner.run(job, progress));
      last = result.catch(() => undefined);
      return result;
    },
    end: () => Promise.resolve(),
  };
}

/** So many threads, each with the file and the policies opened for itself. Threads run what `npm run build` made. */
export async function threadCrew(workers: number, start: WorkerStart, progress: Progress): Promise<Crew> {
  const { Piscina } = await import("piscina");
  const pool = new Piscina<ReplayJob, Answer>({
    filename: fileURLToPath(new URL("../../dist/bin/replay-worker.js", import.meta.url)),
    minThreads: workers,
    maxThreads: workers,
    workerData: start,
    execArgv: [], // what was preloaded here is not for them
  });
  pool.on("message", ({ steps }: { readonly steps: number }) => progress(steps));
  return {
    async run(job) {
      const answer = await pool.run(job);
      if ("refused" in answer) throw new InputError("", answer.refused);
      return answer.result;
    },
    end: () => pool.destroy(),
  };
}
