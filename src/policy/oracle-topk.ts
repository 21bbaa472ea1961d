import { BUDGET, definePolicy, HEAD_GROUP, HEAD_GROUPS, NO_WORK } from "./definition.js";
import { ORACLE_NOTE } from "./oracles.js";
import { TopK } from "./top-k.js";
import { holdAllReadSome, WholeLane } from "./whole-lane.js";

/**
 * The tokens with most of the step's true attention, as many as the budget, the newest always among them. No choice for
 * the same heads that reads as many tokens has a higher recall in any step: an upper bound for every policy, of whatever
 * memory. The top-k of exact attention is the ceiling in SeerAttention-R (arXiv 2506.08889) and many others.
 */
export const oracleTopk = definePolicy({
  title: "oracle: reads the tokens that truly have most attention",
  source: "https://arxiv.org/abs/2506.08889",
  parameters: { budget: { ...BUDGET, help: "tokens a layer reads in a step" }, headGroup: HEAD_GROUP },
  create: ({ budget, headGroup }) => ({
    label: `Oracle top-k ${budget}`,
    indexPageTokens: 0,
    work: NO_WORK,
    notes: [ORACLE_NOTE],
    footprint: (lengths) => holdAllReadSome(budget, false, lengths),
    lanes: {
      needs: ["attention"],
      group: HEAD_GROUPS[headGroup],
      observes: false,
      lookback: 0,
      oracle: "step",
      start: ({ promptTokens }) => {
        const best = new TopK(budget - 1);
        return new WholeLane(promptTokens, (step) => [...best.of(step.truth(), 0, step.position), step.position]);
      },
    },
  }),
});
