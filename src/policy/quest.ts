import {
  BUDGET,
  definePolicy,
  HEAD_GROUP,
  HEAD_GROUPS,
  NO_WORK,
  PAGE,
  PAGED_NOTE,
  requireWholePages,
} from "./definition.js";
import { PageLane, selectPages } from "./page-lane.js";

export const MIN_PAGES = 3; // the code's max(3, budget / page)

export const QUEST_PARAMETERS = {
  budget: { ...BUDGET, help: "tokens a layer reads in a step; at least 3 pages" },
  page: PAGE,
  headGroup: HEAD_GROUP,
} as const;

/** Pages that a step reads. Throws InputError unless the budget is a whole number of them. */
export function pagesRead(kind: string, budget: number, page: number): number {
  requireWholePages(kind, budget, page);
  return Math.max(MIN_PAGES, budget / page);
}

/**
 * Quest (arXiv 2406.10774; mit-han-lab/Quest, evaluation/quest_attention.py): keeps all; each step scores every page by
 * an upper bound from the minimum and maximum of its keys and reads the best, the newest page always among them.
 * The code leaves layers 0 and 1 dense: the default of denseLayers. Departure: one choice of pages a KV head, where the
 * code has one a query head, which would read up to the group size more; headGroup=queryHead replays the code's choice.
 */
export const quest = definePolicy({
  title: "keeps every token, reads the pages that score best",
  source: "https://arxiv.org/abs/2406.10774",
  parameters: QUEST_PARAMETERS,
  create: ({ budget, page, headGroup }) => {
    const pages = pagesRead("quest", budget, page);
    const notes = ["Memory and reads are those of one choice of pages a KV head, not one a query head.", PAGED_NOTE];
    if (budget < MIN_PAGES * page)
      notes.push(`Reads ${MIN_PAGES} pages of ${page}, more than the budget of ${budget}.`);
    return {
      label: `Quest ${budget}`,
      indexPageTokens: page,
      work: { ...NO_WORK, representativeShare: 1, selects: true },
      notes,
      footprint: (lengths) => selectPages(pages, page, lengths),
      lanes: {
        needs: ["attention", "page-bounds"],
        group: HEAD_GROUPS[headGroup],
        observes: false,
        lookback: 0,
        start: ({ promptTokens }) => new PageLane(promptTokens, pages, page, (step) => step.pageBounds(page)),
      },
    };
  },
});
