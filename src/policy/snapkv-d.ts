import { BURST_PARAMETERS, burstPolicy } from "./bursts.js";
import { definePolicy } from "./definition.js";
import { maxPool } from "./pooling.js";
import { windowVotes } from "./window-votes.js";

/**
 * SnapKV (arXiv 2404.14469) run again and again while decoding, as in "Hold Onto That Thought" (arXiv 2512.12008) and in
 * Zefan-Cai/R-KV: every `interval` positions the tokens the last `window` queries attend to most stay, and the window.
 * Votes are softmax over the tokens older than the window, summed over the queries and max-pooled; the logits of a
 * group's query heads are joined by maximum before (kvpress: mean of attention, groupReduction=mean). Survivors stay in
 * the order of their scores in that code (order=slot). Departure: prefill is not compressed, the first compression is at
 * the first multiple of the interval in decoding.
 */
export const snapkvD = definePolicy({
  title: "SnapKV while decoding: cuts the cache to the budget every so many positions",
  source: "https://arxiv.org/abs/2512.12008",
  parameters: BURST_PARAMETERS,
  create: (settings) =>
    burstPolicy("snapkv-d", "SnapKV-D", settings, false, (step, slots) => {
      const { window, kernel, groupReduction } = settings;
      const older = slots.slice(0, -window);
      return maxPool(windowVotes(step, older, window, groupReduction), kernel);
    }),
});
