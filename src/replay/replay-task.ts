import { openRows } from "../attention/open-rows.js";
import type { AttentionRows } from "../attention/attention-rows.js";
import type { RowKernel } from "../attention/row-kernel.js";
import { stream } from "../core/rng.js";
import { DENSE_LANES } from "../policy/dense-lane.js";
import type { HeadGroup, Lanes } from "../policy/lane.js";
import type { Policy } from "../policy/policy.js";
import type { AttentionTrace } from "../trace/attention-trace.js";
import { GroupView, type Ahead } from "./group-view.js";
import { LaneRunner } from "./lane-runner.js";
import { PolicyMeasures, type HeadTotals, type StepSums } from "./measures.js";
import type { PlacedSelection, Selection } from "./selection.js";
import type { ReplaySettings } from "./settings.js";
import { StepFacts } from "./step-facts.js";
import type { Surveys } from "./surveys.js";

/** Part of a replay that needs nothing of the others: some KV heads of a layer. */
export interface ReplayTask {
  readonly layer: number;
  /** KV heads from … to - 1. */
  readonly kvFrom: number;
  readonly kvTo: number;
  /** Those of them that are measured and shown; the others only decide along. */
  readonly measured: readonly number[];
}

/** Measures of each policy, in their order, on the KV heads of the task; of those not measured, zeros. */
export interface TaskResult {
  readonly task: ReplayTask;
  readonly policies: readonly { readonly heads: readonly HeadTotals[]; readonly steps: StepSums }[];
}

export interface TaskHooks {
  /** Each measured step, once its true attention is known and before any policy chooses. */
  readonly begin?: (step: number, facts: StepFacts) => void;
  /** Each selection of each policy. */
  readonly show?: (policy: Policy, selection: PlacedSelection) => void;
  /** After each decode step, with how many of the task's are done. */
  readonly progress?: (steps: number) => void;
}

/** Replays the policies side by side over the same rows, which are computed once. */
export function runTask(
  trace: AttentionTrace,
  task: ReplayTask,
  policies: readonly Policy[],
  settings: ReplaySettings,
  surveys: Surveys,
  kernel: RowKernel,
  hooks: TaskHooks = {},
): TaskResult {
  const all = policies.map((policy) => ({ policy, lanes: lanesIn(policy, task.layer) }));
  const wanted = {
    ...task,
    lookback: Math.max(...all.map(({ lanes }) => lanes.lookback)),
    values: settings.outputError,
    promptMass: all.some(({ lanes }) => lanes.needs.includes("prompt-mass")),
  };
  const ahead = (): AttentionRows =>
    openRows(trace, { ...wanted, lookback: 0, values: false, promptMass: false }, kernel);
  const rows = openRows(trace, wanted, kernel);
  const facts = new StepFacts(rows, settings);
  const runs = all.map(({ policy, lanes }) => {
    const measured = task.measured.map((head) => head - task.kvFrom);
    const measures = new PolicyMeasures(rows.kvHeads, measured, settings.toStep - settings.fromStep);
    const place = {
      trace,
      task,
      rows,
      facts,
      seed: settings.seed,
      surveys,
      ahead: { open: ahead, steps: settings.toStep },
    };
    return { policy, measures, lanes: startLanes(policy, lanes, place) };
  });
  for (let step = 0; step < settings.toStep; step++) {
    rows.moveTo(rows.promptTokens + step);
    facts.advance();
    const measured = step >= settings.fromStep;
    if (measured) hooks.begin?.(step, facts);
    for (const { policy, measures, lanes } of runs) {
      for (const { runner, place } of lanes) {
        const show =
          hooks.show === undefined || !measured
            ? undefined
            : (selection: Selection): void => {
                for (const at of place)
                  if (task.measured.includes(at.head)) hooks.show?.(policy, { ...at, ...selection });
              };
        runner.step(measured ? measures : undefined, settings.outputError, show);
      }
      if (measured) measures.endStep();
    }
    facts.settle();
    hooks.progress?.(step + 1);
  }
  return { task, policies: runs.map(({ measures }) => ({ heads: measures.heads(), steps: measures.steps() })) };
}

/** How a policy chooses in a layer: its first layers may be dense. */
export function lanesIn(policy: Policy, layer: number): Lanes {
  if (layer < policy.denseLayers || policy.lanes === undefined) return DENSE_LANES;
  return policy.lanes;
}

interface LaneStart {
  readonly runner: LaneRunner;
  /** KV heads, or query heads, that share the lane's choice. */
  readonly place: readonly { readonly layer: number; readonly head: number; readonly queryHead?: number }[];
}

interface Surroundings {
  readonly trace: AttentionTrace;
  readonly task: ReplayTask;
  readonly rows: AttentionRows;
  readonly facts: StepFacts;
  readonly seed: number;
  readonly surveys: Surveys;
  readonly ahead: Ahead;
}

function startLanes(policy: Policy, lanes: Lanes, around: Surroundings): LaneStart[] {
  const { rows, task, trace, facts } = around;
  const size = { "query-head": 1, "kv-head": rows.rowsPerKvHead, layer: rows.kvHeads * rows.rowsPerKvHead }[
    lanes.group
  ];
  const count = (rows.kvHeads * rows.rowsPerKvHead) / size;
  const firstGroup = (task.kvFrom * rows.rowsPerKvHead) / size;
  const views: GroupView[] = Array.from({ length: count }, (_, i) => {
    return new GroupView(rows, i * size, (i + 1) * size, {
      layer: task.layer,
      layersTotal: trace.metadata.layersTotal,
      group: firstGroup + i,
      rng: stream(around.seed, `${policy.name}/layer ${task.layer}/group ${firstGroup + i}`),
      surveys: around.surveys.get(policy.name) ?? new Map(),
      groups: () => views,
      ...(lanes.oracle === "future" ? { ahead: around.ahead } : {}),
    });
  });
  return views.map((view, i) => {
    const place = { from: i * size, to: (i + 1) * size };
    return {
      runner: new LaneRunner(policy.name, lanes, view, rows, place, facts),
      place: placesOf(lanes.group, rows, task, i),
    };
  });
}

function placesOf(
  group: HeadGroup,
  rows: AttentionRows,
  { layer, kvFrom, kvTo }: ReplayTask,
  i: number,
): LaneStart["place"] {
  if (group === "kv-head") return [{ layer, head: kvFrom + i }];
  if (group === "layer") return Array.from({ length: kvTo - kvFrom }, (_, head) => ({ layer, head: kvFrom + head }));
  const head = kvFrom + Math.floor(i / rows.rowsPerKvHead);
  return [{ layer, head, queryHead: kvFrom * rows.rowsPerKvHead + i }];
}
