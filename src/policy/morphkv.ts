import { evictByToken } from "./closed-forms.js";
import {
  BUDGET,
  definePolicy,
  HEAD_GROUPS,
  KV_OR_QUERY_HEAD,
  NO_WORK,
  QUERY_HEAD_NOTE,
  requireBelowBudget,
  SLOTS_NOTE,
} from "./definition.js";
import { MorphLane } from "./morphkv-lane.js";

/**
 * MorphKV (arXiv 2503.00979; ghadiaravi13/MorphKV, morphkv/models/patch_qwen2.py): the last `window` queries attend
 * again to what is left of the tokens older than the window; the tokens that one of them wants most, or all of them
 * together, stay beside the window. Query heads of a group are joined by maximum (an earlier version: sum). The code
 * evicts before a step's attention, by the queries before it, down to the budget and the new token: the same as evicting
 * to the budget after the step before. Departures: the first decode step still reads a whole prompt over the budget;
 * what a KV head keeps is read by all its query heads.
 */
export const morphkv = definePolicy({
  title: "keeps the newest tokens and what their queries attend to",
  source: "https://arxiv.org/abs/2503.00979",
  parameters: {
    budget: { ...BUDGET, help: "tokens a layer keeps, the window included" },
    window: {
      kind: "integer",
      default: 32,
      min: 1,
      max: 4096,
      help: "newest queries that vote, and whose tokens stay; does not change memory or reads",
    },
    fusion: {
      kind: "choice",
      default: "max",
      choices: ["max", "sum"],
      help: "how the votes of the window are joined (max_fused, sum_fused); does not change memory or reads",
    },
    groupReduction: {
      kind: "choice",
      default: "max",
      choices: ["max", "sum"],
      help: "how query heads of a group are joined, after the softmax; does not change memory or reads",
    },
    headGroup: KV_OR_QUERY_HEAD,
  },
  create: (rules) => {
    const { budget, window, headGroup } = rules;
    requireBelowBudget("morphkv", "window", window, budget);
    return {
      label: `MorphKV ${budget}`,
      indexPageTokens: 0,
      work: { ...NO_WORK, selects: true },
      notes: [
        SLOTS_NOTE,
        `The ${window} newest queries of each head are kept too, and attend again in each step: neither is charged.`,
        ...(headGroup === "queryHead" ? [QUERY_HEAD_NOTE] : []),
      ],
      footprint: (lengths) => evictByToken(budget, lengths),
      lanes: {
        needs: ["attention", "queries"],
        group: HEAD_GROUPS[headGroup],
        observes: false,
        lookback: window,
        start: ({ promptTokens }) => new MorphLane(promptTokens, rules),
      },
    };
  },
});
