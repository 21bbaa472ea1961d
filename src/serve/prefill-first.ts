import { DECODE_ONLY, NONE, preemptToFit, type Scheduler } from "./scheduler.js";

/**
 * Whole prompts first, as vLLM's first engine scheduled (arXiv 2309.06180): while waiting requests fit, an iteration
 * computes whole prompts only and those that decode pause. A prompt longer than the token budget goes alone.
 */
export const prefillFirst: Scheduler = {
  name: "prefill-first",
  plan(view) {
    const budget = view.maxTokens;
    if (this.admit(view, budget) > 0) return { preempt: NONE, chunk: 0, budget, decode: false, steadyFor: 1 };
    const { preempt, decodes } = preemptToFit(view, 0);
    if (preempt.length === 0) return DECODE_ONLY;
    return { preempt, chunk: 0, budget: 0, decode: decodes > 0, steadyFor: 1 };
  },
  admit(view, budget) {
    const sequence = view.waiting(0);
    if (sequence === undefined || view.running.length >= view.maxSequences) return 0;
    const tokens = sequence.contextTokens - view.cachedTokens(sequence);
    if (tokens > budget && budget < view.maxTokens) return 0; // it is not the first
    // Blocks for the next decode step stay free, or the prompt would be preempted before its first decode step.
    return view.prefillBlocks(sequence, tokens) > view.freeBlocks - view.decodeBlocks ? 0 : tokens;
  },
};
