import { BURST_PARAMETERS, burstPolicy } from "./bursts.js";
import { definePolicy } from "./definition.js";
import { maxPool } from "./pooling.js";
import { redundancy } from "./similarity.js";
import { softmax, windowVotes } from "./window-votes.js";

const { budget, ...others } = BURST_PARAMETERS;

/**
 * R-KV (arXiv 2505.24133; Zefan-Cai/R-KV, rkv/compression/r1_kv.py): every `interval` positions the cache is cut to the
 * tokens that matter to the last queries and do not repeat each other: lambda · importance - (1 - lambda) · redundancy.
 * Importance: votes of the last `window` queries (their logits joined over the group by maximum, softmax over the tokens
 * older than the window, mean over the queries), max-pooled. Redundancy: see similarity.ts, softmaxed over all tokens.
 * lambda is the paper's (the code's default is 0.07). The code leaves survivors in the order of their scores, so that the
 * next pooling and "the newest copy" run over slots, not over the text: order=slot does that too, order=position sorts
 * them. Departure: prefill is not compressed, the first compression is at the first multiple of the interval in decoding.
 */
export const rKv = definePolicy({
  title: "every so many positions keeps tokens that matter and do not repeat each other",
  source: "https://arxiv.org/abs/2505.24133",
  parameters: {
    budget,
    lambda: {
      kind: "number",
      default: 0.1,
      min: 0,
      max: 1,
      help: "weight of importance against redundancy; does not change memory or reads",
    },
    ...others,
  },
  create: ({ lambda, ...settings }) =>
    burstPolicy("r-kv", "R-KV", settings, true, (step, slots) => {
      const { window, kernel, groupReduction } = settings;
      const votes = windowVotes(step, slots.slice(0, -window), window, groupReduction);
      const repeats = redundancy(step, slots);
      softmax(repeats); // over all slots, the window's too
      return maxPool(votes, kernel).map(
        (sum, slot) => (lambda * sum) / window - (1 - lambda) * (repeats[slot] as number),
      );
    }),
});
