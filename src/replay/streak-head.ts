import { openRows } from "../attention/open-rows.js";
import type { RowKernel } from "../attention/row-kernel.js";
import type { AttentionTrace } from "../trace/attention-trace.js";
import type { HeadPlace } from "./attention-map.js";
import { planReplay, type ReplayOptions } from "./plan.js";
import { makeKernel } from "./replay.js";
import type { ReplaySettings } from "./settings.js";
import { StepFacts } from "./step-facts.js";

/** Younger tokens are in the window that every policy keeps. */
const RECENT_TOKENS = 64;
/** A use that follows one at most so many steps earlier continues a streak. */
const STREAK_STEPS = 16;
/** Steps looked at: a head shows its kind early, and attention costs more with every step. */
const MOST_STEPS = 2048;

/**
 * The KV head whose map shows milestones best: the one that puts the largest share of its attention on streaks. A use
 * (at least θ of a step's attention) belongs to a streak if it falls on a decoded token older than 64 steps that was also
 * used within the 16 steps before. Of equals, the first.
 */
export function streakHead(
  trace: AttentionTrace,
  options: ReplayOptions = {},
  kernel: () => RowKernel = makeKernel,
): HeadPlace {
  const { settings, layers, kvHeads } = planReplay(trace, [], { ...options, outputError: false });
  const places = layers.flatMap((layer) => kvHeads.map((head) => ({ layer, head })));
  let best = places[0] as HeadPlace;
  let largest = -1;
  if (places.length === 1) return best;
  for (const place of places) {
    const mass = streakMass(trace, place, settings, kernel());
    if (mass > largest) [best, largest] = [place, mass];
  }
  return best;
}

function streakMass(
  trace: AttentionTrace,
  { layer, head }: HeadPlace,
  settings: ReplaySettings,
  kernel: RowKernel,
): number {
  const wanted = { layer, kvFrom: head, kvTo: head + 1, lookback: 0, values: false, promptMass: false };
  const rows = openRows(trace, wanted, kernel);
  const facts = new StepFacts(rows, settings);
  const { promptTokens } = rows;
  const lastUse = new Int32Array(rows.totalTokens).fill(-STREAK_STEPS - 1);
  const end = Math.min(settings.toStep, settings.fromStep + MOST_STEPS);
  let mass = 0;
  for (let step = settings.fromStep; step < end; step++) {
    rows.moveTo(promptTokens + step);
    facts.advance();
    const attention = facts.attention(0);
    for (const position of facts.used(0)) {
      const old = position >= promptTokens && promptTokens + step - position > RECENT_TOKENS;
      if (old && step - (lastUse[position] as number) <= STREAK_STEPS) mass += attention[position] as number;
      lastUse[position] = step;
    }
  }
  return mass;
}
