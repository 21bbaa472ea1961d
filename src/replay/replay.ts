import { typescriptKernel } from "../attention/typescript-kernel.js";
import { wasmKernel } from "../attention/wasm-kernel.js";
import type { RowKernel } from "../attention/row-kernel.js";
import type { Policy } from "../policy/policy.js";
import type { AttentionTrace } from "../trace/attention-trace.js";
import { planReplay, type ReplayOptions } from "./plan.js";
import { QualitySum } from "./quality-sum.js";
import type { ReplayResult } from "./quality.js";
import { runTask, type TaskHooks } from "./replay-task.js";
import { surveyLayers } from "./surveys.js";

/** A new kernel; "typescript" is the definition, "wasm-simd" the fast one. */
export function makeKernel(name: RowKernel["name"] = "wasm-simd"): RowKernel {
  return name === "wasm-simd" ? wasmKernel() : typescriptKernel;
}

/**
 * Replays recorded attention through policies: what each keeps, reads and loses. Open loop: the recording does not change
 * with what a policy has evicted. Throws InputError for what the trace does not have or a policy cannot do with it.
 */
export function replay(
  trace: AttentionTrace,
  policies: readonly Policy[],
  options: ReplayOptions = {},
  hooks: TaskHooks = {},
  kernel: () => RowKernel = makeKernel,
): ReplayResult {
  const plan = planReplay(trace, policies, options);
  const surveys = surveyLayers(trace, policies, kernel);
  const sum = new QualitySum(trace.metadata, policies, plan);
  for (const task of plan.tasks) sum.add(runTask(trace, task, policies, plan.settings, surveys, kernel(), hooks));
  return sum.result();
}
