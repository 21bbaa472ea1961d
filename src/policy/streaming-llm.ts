import { evictByToken } from "./closed-forms.js";
import { BUDGET, definePolicy, NO_WORK, requireBelowBudget, SLOTS_NOTE } from "./definition.js";
import { windowLanes } from "./window-lane.js";

/**
 * StreamingLLM (arXiv 2309.17453; mit-han-lab/streaming-llm, streaming_llm/kv_cache.py): the first tokens of the text,
 * which draw attention whatever they say, and the newest. Departure: the code cuts the prompt during prefill, here
 * prefill is dense and the first decode step reads all of it.
 */
export const streamingLlm = definePolicy({
  title: "keeps the first few tokens (sinks) and the newest",
  source: "https://arxiv.org/abs/2309.17453",
  parameters: {
    budget: { ...BUDGET, help: "tokens a layer keeps, sinks included" },
    sinks: {
      kind: "integer",
      default: 4,
      min: 0,
      max: 1024,
      help: "first tokens that always stay, within the budget; does not change memory or reads",
    },
  },
  create: ({ budget, sinks }) => {
    requireBelowBudget("streaming-llm", "sinks", sinks, budget);
    return {
      label: `StreamingLLM ${budget}`,
      indexPageTokens: 0,
      work: NO_WORK,
      notes: [SLOTS_NOTE],
      footprint: (lengths) => evictByToken(budget, lengths),
      lanes: windowLanes(budget, sinks),
    };
  },
});
