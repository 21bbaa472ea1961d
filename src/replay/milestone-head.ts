import { READ_SHARE } from "../attention/head-kind.js";
import { HeadReader } from "../attention/head-reads.js";
import { openRows } from "../attention/open-rows.js";
import type { RowKernel } from "../attention/row-kernel.js";
import type { AttentionTrace } from "../trace/attention-trace.js";
import type { HeadPlace } from "./attention-map.js";
import { planReplay, type ReplayOptions } from "./plan.js";
import { makeKernel } from "./replay.js";
import type { ReplaySettings } from "./settings.js";
import { StepFacts } from "./step-facts.js";

/** Steps looked at: a head shows its kind early, and attention costs more with every step. */
const MOST_STEPS = 2048;

/**
 * The KV head whose map shows milestones best: the one with the largest share of its attention, mean over its query
 * heads, on milestones (attention/head-kind.ts) in the first 2,048 steps. Of equals, the first.
 */
export function milestoneHead(
  trace: AttentionTrace,
  options: ReplayOptions = {},
  kernel: () => RowKernel = makeKernel,
): HeadPlace {
  const { settings, layers, kvHeads } = planReplay(trace, [], { ...options, outputError: false, theta: READ_SHARE });
  const places = layers.flatMap((layer) => kvHeads.map((head) => ({ layer, head })));
  let best = places[0] as HeadPlace;
  if (places.length === 1) return best;
  let largest = -1;
  for (const place of places) {
    const share = milestoneShare(trace, place, settings, kernel());
    if (share > largest) [best, largest] = [place, share];
  }
  return best;
}

function milestoneShare(
  trace: AttentionTrace,
  { layer, head }: HeadPlace,
  settings: ReplaySettings,
  kernel: RowKernel,
): number {
  const wanted = { layer, kvFrom: head, kvTo: head + 1, lookback: 0, values: false, promptMass: false };
  const rows = openRows(trace, wanted, kernel);
  const facts = new StepFacts(rows, settings);
  const reader = new HeadReader(rows.promptTokens, rows.totalTokens);
  const end = Math.min(rows.totalTokens, rows.promptTokens + MOST_STEPS);
  for (let position = rows.promptTokens; position < end; position++) {
    rows.moveTo(position);
    facts.advance();
    const attention = facts.attention(0);
    const used = facts.used(0);
    // Sinks and the recent window play no part in the share of milestones.
    reader.addRow(position, 0, 0, used, used.length, (j) => attention[j] as number);
  }
  return reader.reads().shares.milestone;
}
