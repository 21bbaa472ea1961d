import { compressInBursts } from "./closed-forms.js";
import { BUDGET, definePolicy, NO_WORK, requireBelowBudget } from "./definition.js";

/**
 * R-KV (arXiv 2505.24133; Zefan-Cai/R-KV, rkv/compression/r1_kv.py): every `interval` positions the cache is cut to the
 * tokens that matter to the last queries and do not repeat each other. lambda is the paper's (the code's default is
 * 0.07). Departure: prefill is not compressed, the first compression is at the first multiple of the interval in decoding.
 */
export const rKv = definePolicy({
  title: "every so many positions keeps tokens that matter and do not repeat each other",
  source: "https://arxiv.org/abs/2505.24133",
  parameters: {
    budget: { ...BUDGET, help: "tokens a layer keeps after a compression" },
    lambda: {
      kind: "number",
      default: 0.1,
      min: 0,
      max: 1,
      help: "weight of importance against redundancy; does not change memory or reads",
    },
    interval: { kind: "integer", default: 128, min: 1, max: 65_536, help: "positions between compressions" },
    window: {
      kind: "integer",
      default: 8,
      min: 1,
      max: 1024,
      help: "newest queries that vote, and whose tokens stay; does not change memory or reads",
    },
    order: {
      kind: "choice",
      default: "position",
      choices: ["position", "slot"],
      help: "how survivors are ordered (slot: by score, as the authors' code leaves them); does not change memory or reads",
    },
  },
  create: ({ budget, interval, window }) => {
    requireBelowBudget("r-kv", "window", window, budget);
    return {
      label: `R-KV ${budget}`,
      indexPageTokens: 0,
      work: { ...NO_WORK, compressEverySteps: interval, comparesKeys: true },
      notes: ["The cost of a compression is spread evenly over the steps between two of them."],
      footprint: (lengths) => compressInBursts(budget, interval, lengths),
    };
  },
});
