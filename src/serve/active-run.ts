import { stepsToReach, total } from "../core/line.js";
import type { PrefillChunk, StepCost } from "../cost/cost-model.js";
import type { DecodeSet } from "./decode-set.js";
import type { EndedRun } from "./ledger.js";
import type { Chunk } from "./scheduler.js";

/** Iterations under way: all of them alike but for their lines. */
export interface ActiveRun {
  readonly start: number;
  readonly cost: StepCost;
  readonly chunks: readonly (Chunk & PrefillChunk)[];
  readonly decodes: number;
  steps: number;
}

/** Ends a run with the iteration under way, or one more. Returns its new end, undefined if that stays as it was. */
export function cutRun(run: ActiveRun, now: number, more: 0 | 1): number | undefined {
  const steps = stepsToReach(run.cost, now - run.start, run.steps) + more;
  if (steps >= run.steps) return undefined;
  run.steps = steps;
  return run.start + total(run.cost, steps);
}

/** A run that has just ended, for the books: before the decode set moves on, and its blocks from `used` by `taken`. */
export function endedRun(run: ActiveRun, { counter, read }: DecodeSet, used: number, taken: number): EndedRun {
  let [prefillTokens, firstTokens] = [0, 0];
  for (const { sequence, tokens } of run.chunks) {
    prefillTokens += tokens;
    if (sequence.prefilled === sequence.contextTokens) firstTokens++;
  }
  return {
    start: run.start,
    now: run.cost.now,
    perStep: run.cost.perStep,
    steps: run.steps,
    decodes: run.decodes,
    prefillTokens,
    emitted: run.decodes + firstTokens,
    counter,
    blocksBefore: used,
    blocksAfter: used + taken,
    cost: run.cost,
    read,
  };
}
