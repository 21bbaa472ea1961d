import { DECODE_ONLY, preemptToFit, type Scheduler, type SequenceView, type ServerView } from "./scheduler.js";

/**
 * Chunked prefill as vLLM V1 schedules it (vllm/v1/core/sched/scheduler.py): one token budget a step; running sequences
 * first, each one token or its next chunk; then waiting requests in order while budget, cap and blocks last and nothing
 * was preempted in this step. A prompt that does not fit the budget is cut into chunks, but it is admitted only if all
 * of it fits the free blocks (scheduler_reserve_full_isl, vllm-project/vllm pull request 37307, the default since): room
 * for the first chunk alone would admit a long context again and again, to be preempted before it has made a token.
 */
export const chunked: Scheduler = {
  name: "chunked",
  plan(view) {
    const partial = view.prefilling;
    // The usual case by far: nobody waits, nothing is half computed, and the next step fits.
    if (partial === undefined && view.waiting(0) === undefined && view.decodeBlocks <= view.freeBlocks)
      return DECODE_ONLY;
    const room = view.maxTokens - view.decodes;
    const wanted = partial === undefined ? 0 : Math.min(room, partial.contextTokens - partial.prefilled);
    const { preempt, free, chunk, decodes } = preemptToFit(view, wanted);
    const prefill: { sequence: SequenceView; tokens: number }[] = [];
    if (partial !== undefined && chunk > 0) prefill.push({ sequence: partial, tokens: chunk });
    if (preempt.length === 0) admit(view, view.maxTokens - decodes - chunk, free, prefill);
    if (preempt.length === 0 && prefill.length === 0) return DECODE_ONLY;
    return { preempt, prefill, decode: decodes > 0, steadyFor: 1 };
  },
};

/** Adds waiting requests to `prefill`, in order, while budget, cap and blocks last. */
function admit(
  view: ServerView,
  budget: number,
  freeBlocks: number,
  prefill: { sequence: SequenceView; tokens: number }[],
): void {
  let seats = view.maxSequences - view.running.length;
  for (let i = 0; seats > 0 && budget > 0; i++, seats--) {
    const sequence = view.waiting(i);
    if (sequence === undefined) return;
    if (view.prefillBlocks(sequence, sequence.contextTokens) > freeBlocks) return; // the head is never overtaken
    const tokens = Math.min(budget, sequence.contextTokens);
    prefill.push({ sequence, tokens });
    budget -= tokens;
    freeBlocks -= view.prefillBlocks(sequence, tokens);
  }
}
