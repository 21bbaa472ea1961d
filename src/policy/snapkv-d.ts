import { compressInBursts } from "./closed-forms.js";
import { BUDGET, definePolicy, NO_WORK, requireBelowBudget } from "./definition.js";

/**
 * SnapKV (arXiv 2404.14469) run again and again while decoding, as in "Hold Onto That Thought" (arXiv 2512.12008) and in
 * Zefan-Cai/R-KV: every `interval` positions the tokens the last `window` queries attend to most stay, and the window.
 * Departures: memory is per KV head; prefill is not compressed, the first compression is at the first multiple of the
 * interval in decoding.
 */
export const snapkvD = definePolicy({
  title: "SnapKV while decoding: cuts the cache to the budget every so many positions",
  source: "https://arxiv.org/abs/2512.12008",
  parameters: {
    budget: { ...BUDGET, help: "tokens a layer keeps after a compression" },
    interval: { kind: "integer", default: 128, min: 1, max: 65_536, help: "positions between compressions" },
    window: {
      kind: "integer",
      default: 8,
      min: 1,
      max: 1024,
      help: "newest queries that vote, and whose tokens stay; does not change memory or reads",
    },
  },
  create: ({ budget, interval, window }) => {
    requireBelowBudget("snapkv-d", "window", window, budget);
    return {
      label: `SnapKV-D ${budget}`,
      indexPageTokens: 0,
      work: { ...NO_WORK, compressEverySteps: interval },
      notes: ["The cost of a compression is spread evenly over the steps between two of them."],
      footprint: (lengths) => compressInBursts(budget, interval, lengths),
    };
  },
});
