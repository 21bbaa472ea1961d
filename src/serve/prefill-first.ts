import { DECODE_ONLY, NONE, preemptToFit, type Chunk, type Scheduler, type ServerView } from "./scheduler.js";

/**
 * Whole prompts first, as vLLM's first engine scheduled (arXiv 2309.06180): while waiting requests fit, an iteration
 * computes whole prompts only and those that decode pause. A prompt longer than the token budget goes alone.
 */
export const prefillFirst: Scheduler = {
  name: "prefill-first",
  plan(view) {
    if (nextPrompt(view, view.maxTokens, true) > 0)
      return { preempt: NONE, prefill: wholePrompts(view), decode: false, steadyFor: 1 };
    const { preempt, decodes } = preemptToFit(view, 0);
    if (preempt.length === 0) return DECODE_ONLY;
    return { preempt, prefill: NONE, decode: decodes > 0, steadyFor: 1 };
  },
};

function* wholePrompts(view: ServerView): Generator<Chunk> {
  let budget = view.maxTokens;
  for (let first = true; ; first = false) {
    const tokens = nextPrompt(view, budget, first);
    const sequence = view.waiting(0);
    if (tokens === 0 || sequence === undefined) return;
    budget -= tokens;
    yield { sequence, tokens };
  }
}

/** Tokens to compute of the next prompt, all of them; 0 if there is no room for it. */
function nextPrompt(view: ServerView, budget: number, first: boolean): number {
  const sequence = view.waiting(0);
  if (sequence === undefined || view.running.length >= view.maxSequences) return 0;
  const tokens = sequence.contextTokens - view.cachedTokens(sequence);
  if (tokens > budget && !first) return 0;
  // Blocks for the next decode step stay free, or the prompt would be preempted before its first decode step.
  return view.prefillBlocks(sequence, tokens) > view.freeBlocks - view.decodeBlocks ? 0 : tokens;
}
