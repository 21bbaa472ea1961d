import { evictByToken } from "./closed-forms.js";
import { BUDGET, definePolicy, NO_WORK, SLOTS_NOTE } from "./definition.js";

/**
 * H2O (arXiv 2306.14048; FMInference/H2O, h2o_hf/utils_real_drop/modify_llama.py): half of the budget for the tokens
 * that drew most attention so far, half for the newest. Departures: scores and memory are per KV head, where the code
 * has one head a query head; the scores of the prompt cost prefill nothing extra.
 */
export const h2o = definePolicy({
  title: "keeps the tokens that drew most attention, and the newest",
  source: "https://arxiv.org/abs/2306.14048",
  parameters: {
    budget: { ...BUDGET, help: "tokens a layer keeps, heavy hitters and recent ones together" },
    recentFraction: {
      kind: "number",
      default: 0.5,
      min: 0,
      max: 1,
      help: "share of the budget for the newest tokens; does not change memory or reads",
    },
  },
  create: ({ budget }) => ({
    label: `H2O ${budget}`,
    indexPageTokens: 0,
    work: { ...NO_WORK, materialisesScores: true, selects: true },
    notes: [
      SLOTS_NOTE,
      "Needs the attention weights, so decode attention is not fused; prefill is charged as if it were.",
    ],
    footprint: (lengths) => evictByToken(budget, lengths),
  }),
});
