import { availableParallelism } from "node:os";
import type { Policy } from "../policy/policy.js";
import { planReplay, type ReplayOptions, type ReplayPlan } from "../replay/plan.js";
import { QualitySum } from "../replay/quality-sum.js";
import type { ReplayResult } from "../replay/quality.js";
import type { TaskResult } from "../replay/replay-task.js";
import { joinSurveys, needsSurveys, type Surveys } from "../replay/surveys.js";
import { taskBytes } from "../replay/task-bytes.js";
import type { AttentionTrace } from "../trace/attention-trace.js";
import { onInterrupt } from "./interrupt.js";
import { progressLine } from "./progress.js";
import { openRecording } from "./recordings.js";
import { localCrew, threadCrew, type Crew } from "./replay-crew.js";
import { SelectionsFile } from "./selections-file.js";

/** Tasks under way hold at most so many bytes together, unless one alone needs more. */
const BYTES_AT_ONCE = 160e6;
/** Multiplications that take less time than to start a thread. */
const SMALL_WORK = 1e9;

/** How a replay is done: nothing of it changes the result. */
export interface ReplayRun {
  /** Path of a file for what was kept and read. */
  readonly selections?: string | undefined;
  /** Threads; unless given, as many as there are cores and the tasks' memory allows, none for little work. */
  readonly workers?: number | undefined;
}

/**
 * Replays a recording, by path or name, through policies, on all cores, with progress on stderr. The bytes of the result
 * and of the selections do not depend on the number of threads. Policies are sent to threads by name, which builds the
 * same policy again. Throws InputError for what is wrong with the recording, or cannot be done with it.
 */
export async function replayFile(
  file: string,
  policies: readonly Policy[],
  options: ReplayOptions,
  { selections, workers }: ReplayRun = {},
): Promise<ReplayResult> {
  const trace = openRecording(file);
  const line = progressLine(`replay of ${file}`);
  let out: SelectionsFile | undefined;
  let crew: Crew | undefined;
  let leaving: Promise<never> | undefined;
  const leave = async (exitCode: number): Promise<never> => {
    await crew?.end();
    out?.discard();
    process.exit(exitCode);
  };
  const release = onInterrupt((exitCode) => {
    leaving = leave(exitCode);
  });
  try {
    const plan = planReplay(trace, policies, options);
    out = selections === undefined ? undefined : new SelectionsFile(selections);
    const progress = countSteps(plan, (text) => line.update(() => text));
    const threads = workers ?? threadsFor(trace, policies, plan);
    const names = policies.map(({ name }) => name);
    crew =
      threads === 0
        ? localCrew(trace, policies, out?.folder, progress)
        : await threadCrew(
            Math.min(threads, plan.tasks.length),
            { file, policies: names, folder: out?.folder },
            progress,
          );
    const result = await replayPlan(trace, policies, plan, crew);
    out?.finish();
    return result;
  } catch (cause) {
    await leaving; // jobs that were broken off are no errors
    throw cause;
  } finally {
    release();
    await crew?.end();
    out?.discard();
    line.end();
    trace.close();
  }
}

async function replayPlan(
  trace: AttentionTrace,
  policies: readonly Policy[],
  plan: ReplayPlan,
  crew: Crew,
): Promise<ReplayResult> {
  const surveys = await surveysBy(crew, needsSurveys(policies) ? trace.metadata.layers : []);
  const sum = new QualitySum(trace.metadata, policies, plan);
  await inOrder(
    plan.tasks.map((task) => crew.run({ kind: "task", task, settings: plan.settings, surveys })),
    (result) => sum.add(result as TaskResult),
  );
  return sum.result();
}

async function surveysBy(crew: Crew, layers: readonly number[]): Promise<Surveys> {
  const found: (readonly [number, ReadonlyMap<string, number>])[] = [];
  await inOrder(
    layers.map((layer) => crew.run({ kind: "survey", layer })),
    (result) => found.push([layers[found.length] as number, result as ReadonlyMap<string, number>]),
  );
  return joinSurveys(found);
}

/** Takes results in the order in which they were asked for, and keeps none; fails as soon as one does. */
async function inOrder<T>(results: Promise<T>[], take: (result: T) => void): Promise<void> {
  const failure = new Promise<never>((_, reject) => {
    for (const result of results) result.catch(reject);
  });
  failure.catch(() => undefined); // it may come when nobody waits any more
  for (let next = results.shift(); next !== undefined; next = results.shift())
    take(await Promise.race([next, failure]));
}

function countSteps(plan: ReplayPlan, show: (text: string) => void): (steps: number) => void {
  const all = (plan.tasks.length * plan.settings.toStep).toLocaleString("en-US");
  let done = 0;
  return (steps) => {
    done += steps;
    show(`${done.toLocaleString("en-US")} of ${all} steps`);
  };
}

function threadsFor(trace: AttentionTrace, policies: readonly Policy[], { tasks, settings }: ReplayPlan): number {
  const { metadata } = trace;
  const { queryHeads, kvHeads, headDim, promptTokens } = metadata;
  const heads = tasks.reduce((sum, { kvFrom, kvTo }) => sum + kvTo - kvFrom, 0);
  const positions = settings.toStep * (promptTokens + settings.toStep / 2);
  if (heads * (queryHeads / kvHeads) * headDim * positions < SMALL_WORK) return 0;
  const bytes = Math.max(...tasks.map((task) => taskBytes(metadata, task, policies, settings)));
  return Math.max(1, Math.min(availableParallelism(), tasks.length, Math.floor(BYTES_AT_ONCE / bytes)));
}
