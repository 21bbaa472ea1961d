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
  heldBlocks(sequence: SequenceView): number;
  growthBlocks(sequence: SequenceView): number; // that its next decode step takes
  prefillBlocks(sequence: SequenceView, tokens: number): number; // that computing so many more tokens takes
  /** Whom the engine would preempt next, given those already chosen. */
  victim(chosen: ReadonlySet<SequenceView>): SequenceView | undefined;
}

/** What the next iteration does. The replica applies it; the scheduler changes nothing. */
export interface Plan {
  readonly preempt: readonly SequenceView[];
  readonly prefill: readonly { readonly sequence: SequenceView; readonly tokens: number }[]; // a first chunk admits
  readonly decode: boolean; // all that decode, or none
  readonly steadyFor: number; // iterations for which this plan stands if nothing arrives, ends or changes its regime
}

export interface Scheduler {
  readonly name: string;
  plan(view: ServerView): Plan;
}

const NONE: readonly never[] = [];
export const DECODE_ONLY: Plan = { preempt: NONE, prefill: NONE, decode: true, steadyFor: Infinity };

/** Preempts until what goes on fits; vLLM V1 scheduler.py: running requests first, the victim's blocks are freed. */
export function preemptToFit(
  view: ServerView,
  chunkTokens: number,
): { preempt: readonly SequenceView[]; free: number; chunk: number; decodes: number } {
  const chunkSequence = view.prefilling;
  let chunk = chunkSequence === undefined ? 0 : chunkTokens;
  let needed = view.decodeBlocks + (chunkSequence === undefined ? 0 : view.prefillBlocks(chunkSequence, chunk));
  let free = view.freeBlocks;
  let decodes = view.decodes;
  if (needed <= free) return { preempt: NONE, free: free - needed, chunk, decodes };
  const chosen = new Set<SequenceView>();
  while (needed > free) {
    const victim = view.victim(chosen);
    if (victim === undefined) break;
    chosen.add(victim);
    free += view.heldBlocks(victim);
    if (victim === chunkSequence) {
      needed -= view.prefillBlocks(victim, chunk);
      chunk = 0;
    } else {
      needed -= view.growthBlocks(victim);
      decodes--;
    }
  }
  return { preempt: [...chosen], free: free - needed, chunk, decodes };
}
