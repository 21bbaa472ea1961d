import { DECODE_ONLY, preemptToFit, type Scheduler, type SequenceView, type ServerView } from "./scheduler.js";

/**
 * Whole prompts first, as vLLM's first engine scheduled (arXiv 2309.06180): while waiting requests fit, an iteration
 * computes whole prompts only and those that decode pause. A prompt longer than the token budget goes alone.
 */
export const prefillFirst: Scheduler = {
  name: "prefill-first",
  plan(view) {
    const prefill = wholePrompts(view);
    if (prefill.length > 0) return { preempt: [], prefill, decode: false, steadyFor: 1 };
    const { preempt, decodes } = preemptToFit(view, 0);
    if (preempt.length === 0) return DECODE_ONLY;
    return { preempt, prefill, decode: decodes > 0, steadyFor: 1 };
  },
};

function wholePrompts(view: ServerView): readonly { sequence: SequenceView; tokens: number }[] {
  const prefill: { sequence: SequenceView; tokens: number }[] = [];
  // Blocks for the next decode step stay free, or the prompt would be preempted before its first decode step.
  let freeBlocks = view.freeBlocks - view.decodeBlocks;
  let seats = view.maxSequences - view.running.length;
  let budget = view.maxTokens;
  for (let i = 0; seats > 0; i++, seats--) {
    const sequence = view.waiting(i);
    if (sequence === undefined) break;
    const tokens = sequence.contextTokens;
    const blocks = view.prefillBlocks(sequence, tokens);
    if (blocks > freeBlocks || (tokens > budget && prefill.length > 0)) break;
    prefill.push({ sequence, tokens });
    budget -= tokens;
    freeBlocks -= blocks;
  }
  return prefill;
}
