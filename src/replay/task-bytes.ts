import { logitBlock, logitSlots } from "../attention/logit-ring.js";
import { SUM_BLOCK } from "../attention/row-kernel.js";
import type { Policy } from "../policy/policy.js";
import type { TraceMetadata } from "../trace/attention-trace.js";
import { lanesIn, type ReplayTask } from "./replay-task.js";
import type { ReplaySettings } from "./settings.js";

/**
 * Bytes that a task holds at most, whatever the size of the file. For T tokens, H KV heads of head dimension d, R query
 * heads on them, S positions whose logits are held (8 … 32, plus a policy's lookback) and L lanes:
 *
 *   4·T·d·H   keys, the same again for values if outputs are compared
 *   4·T·R·S   logits
 *   12·T·R    weights and their sums; 4·T·d·R / 16 more for blocks of outputs
 *   24·T·H    what is true of each position
 *   8·T·d·H/p bounds of pages of p tokens, for each p in use
 *   24·T·L    a lane: attention, ranges, sums
 *
 * A scores trace holds 8 recorded steps of all KV heads instead of keys and logits. The number of layers and the length
 * of the file do not appear.
 */
export function taskBytes(
  metadata: TraceMetadata,
  task: ReplayTask,
  policies: readonly Policy[],
  { outputError, toStep, fromStep }: ReplaySettings,
): number {
  const { totalTokens: tokens, headDim, queryHeads, kvHeads, kind } = metadata;
  const heads = task.kvTo - task.kvFrom;
  const rowsPerHead = kind === "qkv" ? queryHeads / kvHeads : 1;
  const rows = heads * rowsPerHead;
  const all = policies.map((policy) => ({ policy, lanes: lanesIn(policy, task.layer) }));
  const lookback = Math.max(0, ...all.map(({ lanes }) => lanes.lookback));
  const pages = new Set(all.map(({ policy }) => policy.indexPageTokens).filter((page) => page > 0));
  const lanes = all.reduce(
    (sum, { lanes: { group } }) => sum + { "query-head": rows, "kv-head": heads, layer: 1 }[group],
    0,
  );
  const keys = 4 * tokens * headDim * heads;
  const recorded =
    kind === "qkv"
      ? keys * (outputError ? 2 : 1) + 4 * tokens * rows * logitSlots(logitBlock(rows, tokens), lookback)
      : 8 * kvHeads * tokens * 8;
  const bounds = [...pages].reduce((sum, page) => sum + (2 * keys) / page, 0);
  const outputs = outputError ? (4 * tokens * headDim * rows) / SUM_BLOCK : 0;
  const series = 56 * (toStep - fromStep) * policies.length;
  return recorded + bounds + outputs + tokens * (12 * rows + 24 * heads + 24 * lanes) + series;
}
