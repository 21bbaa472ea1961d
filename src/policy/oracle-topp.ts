import { growing } from "./closed-forms.js";
import { definePolicy, HEAD_GROUP, HEAD_GROUPS, NO_WORK } from "./definition.js";
import { ORACLE_NOTE } from "./oracles.js";
import { smallestShare } from "./top-p.js";
import { WholeLane } from "./whole-lane.js";

/**
 * The fewest tokens that together have at least the share p of the step's true attention, the newest always among them:
 * what Twilight (arXiv 2502.02770) would read if its estimates were exact and its base selection everything.
 */
export const oracleTopp = definePolicy({
  title: "oracle: reads the fewest tokens with a given share of the true attention",
  source: "https://arxiv.org/abs/2502.02770",
  parameters: {
    p: { kind: "number", default: 0.95, min: 0, max: 1, help: "share of the attention that is read in each step" },
    headGroup: HEAD_GROUP,
  },
  create: ({ p, headGroup }) => ({
    label: `Oracle top-p ${p}`,
    indexPageTokens: 0,
    work: NO_WORK,
    notes: [ORACLE_NOTE],
    footprint: ({ prompt, generated }) => growing(prompt + generated, Infinity),
    dataDependent: true,
    lanes: {
      needs: ["attention"],
      group: HEAD_GROUPS[headGroup],
      observes: false,
      lookback: 0,
      oracle: "step",
      start: ({ promptTokens }) =>
        new WholeLane(promptTokens, (step) => {
          const all = Array.from({ length: step.position + 1 }, (_, position) => position);
          return smallestShare(step.truth(), all, p, step.position);
        }),
    },
  }),
});
