import { CakeLane } from "./cake-lane.js";
import { evictByToken } from "./closed-forms.js";
import { BUDGET, definePolicy, NO_WORK, requireBelowBudget, requireOdd, SLOTS_NOTE } from "./definition.js";
import { layerPreference } from "./cake-budgets.js";

/**
 * CAKE (arXiv 2503.12491; antgroup/cakekv, cake/cake_cache.py, utils.py, model/modify_llama.py): layers share a memory by
 * how spread out and how changing the attention of the prompt's last queries is; see cake-budgets.ts. A layer keeps its
 * budget of prompt tokens (mean of their attention + gamma · its variance over the window, pooled, mean over the group) and
 * the window; in decoding the tokens this step's query attends to most, pooled, and the newest `window`. A prompt of up to
 * budget + window tokens is not compressed, and layers are then alike, as the code has it. Departures: the code cuts the
 * prompt before the first decode step and evicts before attention, here both come after it; it leaves survivors in the
 * order of their scores, so that pooling mixes tokens that are no neighbours, here they stay in the order of the text;
 * layers that were not recorded are taken to be as the mean of those that were.
 */
export const cake = definePolicy({
  title: "layers share a memory by how their attention spreads; drops what the newest query attends to least",
  source: "https://arxiv.org/abs/2503.12491",
  parameters: {
    budget: { ...BUDGET, help: "tokens a layer keeps, mean over layers, the window among them" },
    window: {
      kind: "integer",
      default: 32,
      min: 2,
      max: 1024,
      help: "newest tokens, which stay; as many of the prompt's queries vote; does not change memory or reads",
    },
    kernel: {
      kind: "integer",
      default: 5,
      min: 1,
      max: 63,
      help: "neighbours over which scores are pooled, an odd number; does not change memory or reads",
    },
    gamma: {
      kind: "number",
      default: 200,
      min: 0,
      max: 1e6,
      help: "weight of the variance of a token's attention against its mean; does not change memory or reads",
    },
    tau1: {
      kind: "number",
      default: 1,
      min: 0.01,
      max: 100,
      help: "temperature of the attention's entropy in a layer's share; does not change the sum",
    },
    tau2: {
      kind: "number",
      default: 1,
      min: 0.01,
      max: 100,
      help: "temperature of the attention's variance in a layer's share; does not change the sum",
    },
  },
  create: (rules) => {
    const { budget, window, kernel } = rules;
    requireBelowBudget("cake", "window", window, budget);
    requireOdd("cake", "kernel", kernel);
    return {
      label: `CAKE ${budget}`,
      indexPageTokens: 0,
      work: { ...NO_WORK, materialisesScores: true, selects: true },
      notes: [
        SLOTS_NOTE,
        "Layers keep different amounts; the footprint is their mean, an upper bound where a short prompt fills a layer's share.",
        "Needs the attention weights, so decode attention is not fused.",
      ],
      footprint: (lengths) => evictByToken(budget, lengths),
      lanes: {
        needs: ["attention", "queries"],
        group: "kv-head",
        observes: true,
        lookback: window,
        survey: (layer) => layerPreference(layer, rules),
        start: (prompt) => new CakeLane(prompt, rules),
      },
    };
  },
});
