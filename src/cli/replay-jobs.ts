import type { RowKernel } from "../attention/row-kernel.js";
import type { Policy } from "../policy/policy.js";
import { makeKernel } from "../replay/replay.js";
import { runTask, type ReplayTask, type TaskHooks, type TaskResult } from "../replay/replay-task.js";
import type { ReplaySettings } from "../replay/settings.js";
import { surveyLayer, type Surveys } from "../replay/surveys.js";
import type { AttentionTrace } from "../trace/attention-trace.js";
import { SelectionParts } from "./selection-parts.js";

const STEPS_A_REPORT = 64;

/** Part of a replay, as plain data: what a policy says of a layer, or the replay of some heads. */
export type ReplayJob =
  | { readonly kind: "survey"; readonly layer: number }
  | { readonly kind: "task"; readonly task: ReplayTask; readonly settings: ReplaySettings; readonly surveys: Surveys };

export type JobResult = ReadonlyMap<string, number> | TaskResult;

/** Does jobs one after another, in this thread, over one opened trace and one set of arrays. */
export class JobRunner {
  private readonly trace: AttentionTrace;
  private readonly policies: readonly Policy[];
  private readonly folder: string | undefined;
  private readonly kernel: RowKernel = makeKernel();

  /** `folder`: where parts of selections are written, if they are wanted. */
  constructor(trace: AttentionTrace, policies: readonly Policy[], folder: string | undefined) {
    this.trace = trace;
    this.policies = policies;
    this.folder = folder;
  }

  /** `progress` is told of steps that are done, some at a time. */
  run(job: ReplayJob, progress: (steps: number) => void): JobResult {
    try {
      if (job.kind === "survey") return surveyLayer(this.trace, this.policies, job.layer, this.kernel);
      return this.replay(job.task, job.settings, job.surveys, progress);
    } finally {
      this.kernel.release();
    }
  }

  private replay(
    task: ReplayTask,
    settings: ReplaySettings,
    surveys: Surveys,
    progress: (steps: number) => void,
  ): TaskResult {
    const { trace, policies, folder } = this;
    const names = policies.map(({ name }) => name);
    const parts = folder === undefined ? undefined : new SelectionParts(folder, names);
    const hooks: TaskHooks = {
      progress: (steps) => {
        if (steps % STEPS_A_REPORT === 0) progress(STEPS_A_REPORT);
        else if (steps === settings.toStep) progress(steps % STEPS_A_REPORT);
      },
      ...(parts === undefined ? {} : { show: (policy, selection) => parts.add(policies.indexOf(policy), selection) }),
    };
    const result = runTask(trace, task, policies, settings, surveys, this.kernel, hooks);
    parts?.flush();
    return result;
  }
}
