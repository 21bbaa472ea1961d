import type { Sequence } from "./sequence.js";

/** A sequence as a scheduler may see it; the true output length is not among what it may use. */
export type SequenceView = Pick<Sequence, "prefilled" | "contextTokens" | "state" | "preemptions"> & {
  readonly spec: Pick<Sequence["spec"], "id" | "arrival" | "promptTokens" | "priority">;
};

/** The state of one replica between two iterations. Blocks are layer blocks: block_size tokens in one layer. */
export interface ServerView {
  readonly running: readonly SequenceView[]; // in order of admission; decoding but for at most one that still prefills
  readonly decodes: number; // how many of them decode
  readonly prefilling: SequenceView | undefined; // the one whose prompt is partly computed, always the last running
  readonly freeBlocks: number;
  readonly decodeBlocks: number; // that the next decode step of all that decode takes
  readonly maxSequences: number;
  readonly maxTokens: number; // of one iteration
  waiting(index: number): SequenceView | undefined; // in the order of the queue
  /** What preempting a sequence would free, once those chosen before have gone. */
  freedBlocks(sequence: SequenceView, chosen: ReadonlySet<SequenceView>): number;
  growthBlocks(sequence: SequenceView): number; // that its next decode step takes
  cachedTokens(sequence: SequenceView): number; // of a waiting one's context that need not be computed
  prefillBlocks(sequence: SequenceView, tokens: number): number; // that computing so many more tokens takes
  /** Whom the engine would preempt next, given those already chosen. */
  victim(chosen: ReadonlySet<SequenceView>): SequenceView | undefined;
}

/** What the next iteration does. The replica applies it; the scheduler changes nothing. Cached tokens are not computed. */
export interface Plan {
  readonly preempt: readonly SequenceView[];
  readonly chunk: number; // tokens to compute of the prompt that is partly computed
  readonly budget: number; // tokens that waiting requests may share
  readonly decode: boolean; // all that decode, or none
  readonly steadyFor: number; // iterations for which this plan stands if nothing arrives, ends or changes its regime
}

export interface Scheduler {
  readonly name: string;
  plan(view: ServerView): Plan;
  /**
   * Tokens to compute of the first waiting request, which this admits; 0: nobody more. Asked again and again, after
   * preemptions and the blocks of this decode step, while any of the plan's `budget` is left: each sees what the one
   * before has left, as the cached prefix of a prompt may be that of the prompt before it.
   */
  admit(view: ServerView, budget: number): number;
}

export const NONE: readonly never[] = [];
export const DECODE_ONLY: Plan = { preempt: NONE, chunk: 0, budget: 0, decode: true, steadyFor: Infinity };

/** Preempts until what goes on fits; vLLM V1 scheduler.py: running requests first, the victim's blocks are freed. */
export function preemptToFit(
  view: ServerView,
  chunkTokens: number,
): { preempt: readonly SequenceView[]; chunk: number; decodes: number } {
  const chunkSequence = view.prefilling;
  let chunk = chunkSequence === undefined ? 0 : chunkTokens;
  let needed = view.decodeBlocks + (chunkSequence === undefined ? 0 : view.prefillBlocks(chunkSequence, chunk));
  let free = view.freeBlocks;
  let decodes = view.decodes;
  if (needed <= free) return { preempt: NONE, chunk, decodes };
  const chosen = new Set<SequenceView>();
  while (needed > free) {
    const victim = view.victim(chosen);
    if (victim === undefined) break;
    free += view.freedBlocks(victim, chosen);
    chosen.add(victim);
    if (victim === chunkSequence) {
      needed -= view.prefillBlocks(victim, chunk);
      chunk = 0;
    } else {
      needed -= view.growthBlocks(victim);
      decodes--;
    }
  }
  return { preempt: [...chosen], chunk, decodes };
}
