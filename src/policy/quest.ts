import { constant, type Line } from "../core/line.js";
import { growing } from "./closed-forms.js";
import { BUDGET, definePolicy, NO_WORK, PAGE, PAGED_NOTE, requireWholePages } from "./definition.js";
import type { LayerFootprint, Lengths } from "./policy.js";

const MIN_PAGES = 3; // the code's max(3, budget / page)

/**
 * Quest (arXiv 2406.10774; mit-han-lab/Quest, evaluation/quest_attention.py): keeps all; each step scores every page by
 * an upper bound from the minimum and maximum of its keys and reads the best, the newest page always among them.
 * The code leaves layers 0 and 1 dense: the default of denseLayers. Departure: one choice of pages a KV head, where the
 * code has one a query head, which would read up to the group size more.
 */
export const quest = definePolicy({
  title: "keeps every token, reads the pages that score best",
  source: "https://arxiv.org/abs/2406.10774",
  parameters: {
    budget: { ...BUDGET, help: "tokens a layer reads in a step; at least 3 pages" },
    page: PAGE,
  },
  create: ({ budget, page }) => {
    requireWholePages("quest", budget, page);
    const notes = ["Pages are chosen for a KV head, not for each of its query heads.", PAGED_NOTE];
    if (budget < MIN_PAGES * page)
      notes.push(`Reads ${MIN_PAGES} pages of ${page}, more than the budget of ${budget}.`);
    return {
      label: `Quest ${budget}`,
      indexPageTokens: page,
      work: { ...NO_WORK, representativeShare: 1, selects: true },
      notes,
      footprint: (lengths) => selectPages(Math.max(MIN_PAGES * page, budget), page, lengths),
    };
  },
});

/** Reads all while it fits; then all chosen pages in full but the newest, of which 1 … page tokens are filled. */
function selectPages(tokens: number, page: number, { prompt, generated }: Lengths): LayerFootprint {
  const held = prompt + generated;
  if (held <= tokens) return growing(held, tokens - held + 1);
  const all: Line = { now: held, perStep: 1 };
  return { resident: all, read: constant(tokens - page + Math.ceil((page + 1) / 2)), scored: all, steadyFor: Infinity };
}
