import type { RowKernel } from "../attention/row-kernel.js";
import type { Policy } from "../policy/policy.js";
import type { AttentionTrace } from "../trace/attention-trace.js";
import { MapGrid, plain } from "./map-grid.js";
import { planReplay, type ReplayOptions } from "./plan.js";
import { makeKernel } from "./replay.js";
import { lanesIn, runTask, type ReplayTask } from "./replay-task.js";
import { RetentionCells, type RetentionMap } from "./retention-cells.js";
import { surveyLayers } from "./surveys.js";

/** One KV head of a recording. */
export interface HeadPlace {
  readonly layer: number;
  readonly head: number;
}

/**
 * Attention of one KV head and what policies had of it, in cells of stepsPerRow × positionsPerColumn pairs (step, position).
 * All matrices are ragged: a row ends with the last column that has a position up to its newest token.
 */
export interface AttentionMap extends HeadPlace {
  readonly promptTokens: number;
  /** The decode steps drawn: from … to - 1. */
  readonly fromStep: number;
  readonly toStep: number;
  readonly theta: number;
  readonly stepsPerRow: number;
  readonly positionsPerColumn: number;
  /** Largest share of a step's attention in each cell; of a KV head, the mean over its query heads. */
  readonly attention: readonly (readonly number[])[];
  /** Pairs of a step and a position up to its newest token in each cell. */
  readonly pairs: readonly (readonly number[])[];
  readonly policies: readonly RetentionMap[];
}

export interface MapOptions extends Omit<ReplayOptions, "layers" | "heads" | "outputError"> {
  /** Most rows, and most columns. */
  readonly cells?: number;
  /** After each decode step, with how many are done. */
  readonly progress?: (steps: number) => void;
}

/** Cells a side: more than a chart has room for pixels would show nothing. */
const MOST_CELLS = 320;

/**
 * Replays one KV head and bins what happens: nothing is dropped, and the memory for it does not grow with the length.
 * Throws InputError for a head that the trace does not have or a policy that cannot be replayed on it.
 */
export function attentionMap(
  trace: AttentionTrace,
  policies: readonly Policy[],
  { layer, head }: HeadPlace,
  options: MapOptions = {},
  kernel: () => RowKernel = makeKernel,
): AttentionMap {
  const { cells = MOST_CELLS, progress, ...replayed } = options;
  const wanted = { ...replayed, layers: [layer], heads: [head], outputError: false };
  const { settings, tasks } = planReplay(trace, policies, wanted);
  const task = tasks[0] as ReplayTask; // the head, or its whole layer if a policy needs that
  const { promptTokens, totalTokens, queryHeads, kvHeads, kind } = trace.metadata;
  const { fromStep, toStep, theta } = settings;
  const grid = new MapGrid(promptTokens, fromStep, toStep, cells);
  const attention = grid.matrix();
  const queryLanes = kind === "qkv" ? queryHeads / kvHeads : 1;
  const retained = policies.map((policy) => {
    const lanes = lanesIn(policy, layer).group === "query-head" ? queryLanes : 1;
    return new RetentionCells(grid, policy, lanes, totalTokens);
  });
  let used: Uint32Array = new Uint32Array(0);
  runTask(trace, task, policies, settings, surveyLayers(trace, policies, kernel), kernel(), {
    begin: (step, facts) => {
      used = facts.used(head - task.kvFrom);
      grid.takeLargest(attention, step, facts.attention(head - task.kvFrom));
    },
    show: (policy, selection) => {
      if (selection.head === head) retained[policies.indexOf(policy)]?.take(selection, used);
    },
    ...(progress === undefined ? {} : { progress }),
  });
  return {
    layer,
    head,
    promptTokens,
    fromStep,
    toStep,
    theta,
    stepsPerRow: grid.stepsPerRow,
    positionsPerColumn: grid.positionsPerColumn,
    attention: plain(attention),
    pairs: plain(grid.pairs()),
    policies: retained.map((cells) => cells.map()),
  };
}
