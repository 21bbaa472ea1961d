import { definePolicy, HEAD_GROUPS, NO_WORK, PAGED_NOTE } from "./definition.js";
import { ORACLE_NOTE } from "./oracles.js";
import { pageMaxima, PageLane, selectPages } from "./page-lane.js";
import { pagesRead, QUEST_PARAMETERS } from "./quest.js";

/**
 * Quest (arXiv 2406.10774) with the largest true attention of each page in place of its upper bound: what a perfect page
 * score would read, and a stand-in for recordings of attention alone, which have no keys to bound. Of a group, the largest
 * of the mean attention. Pages and their number are Quest's, and so are the dense layers.
 */
export const questOracle = definePolicy({
  title: "oracle: Quest, with pages scored by their largest true attention",
  source: "https://arxiv.org/abs/2406.10774",
  parameters: QUEST_PARAMETERS,
  create: ({ budget, page, headGroup }) => {
    const pages = pagesRead("quest-oracle", budget, page);
    return {
      label: `Quest oracle ${budget}`,
      indexPageTokens: page,
      work: { ...NO_WORK, representativeShare: 1, selects: true },
      notes: [ORACLE_NOTE, "Charged as Quest is: for the representatives that its bound would read.", PAGED_NOTE],
      footprint: (lengths) => selectPages(pages, page, lengths),
      lanes: {
        needs: ["attention"],
        group: HEAD_GROUPS[headGroup],
        observes: false,
        lookback: 0,
        oracle: "step",
        start: ({ promptTokens }) =>
          new PageLane(promptTokens, pages, page, (step) => pageMaxima(step.truth(), step.position + 1, page)),
      },
    };
  },
});
