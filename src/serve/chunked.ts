import { DECODE_ONLY, preemptToFit, type Scheduler, type ServerView } from "./scheduler.js";

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
    const { preempt, chunk, decodes } = preemptToFit(view, wanted);
    return {
      preempt,
      chunk,
      budget: preempt.length > 0 ? 0 : view.maxTokens - decodes - chunk,
      decode: decodes > 0,
      steadyFor: preempt.length > 0 ? 1 : Infinity, // whoever waits now waits until blocks are freed
    };
  },
  admit: (view, budget) => admit(view, budget, true),
};

/** As engines before that pull request: room for the first chunk is enough. */
export const chunkByChunk: Scheduler = { ...chunked, admit: (view, budget) => admit(view, budget, false) };

function admit(view: ServerView, budget: number, whole: boolean): number {
  const sequence = view.waiting(0);
  if (sequence === undefined || view.running.length >= view.maxSequences) return 0;
  const left = sequence.contextTokens - view.cachedTokens(sequence);
  const tokens = Math.min(budget, left);
  return view.prefillBlocks(sequence, whole ? left : tokens) > view.freeBlocks ? 0 : tokens; // the head is never overtaken
}
