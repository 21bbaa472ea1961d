import type { TraceChannel } from "../trace/attention-trace.js";
import { definePolicy, HEAD_GROUPS, NO_WORK, PAGED_NOTE, requireBelowBudget, requireWholePages } from "./definition.js";
import type { Lanes } from "./lane.js";
import { raasFootprint } from "./raas-footprint.js";
import { RaasLane } from "./raas-lane.js";
import { pageScoreOf, RAAS_PARAMETERS, type RaasRules } from "./raas-rules.js";

/**
 * RaaS (arXiv 2502.11147): stamps the pages in use at each step, reads all it holds, and over budget drops the page with
 * the oldest stamp. Defaults follow the paper's second version; who differs:
 *
 * - Paper, first version: a page is used if its score exceeds alpha: stampRule=alpha, pageScore=bound.
 * - Authors' code (DerekHJH/RaaS, quest/utils/cache_utils.py and quest/raas_utils/controller.py): as many pages are
 *   stamped as half the budget has, the prompt is not pinned, a table for each query head: stampRule=halfBudget,
 *   pinPrefill=false, headGroup=queryHead; cache_utils.py also newPageStamp=zero and, before its later version,
 *   protectLastPage=false. Its other version of alpha is stampRule=alpha, pageScore=bound.
 * - FreeKV (rooikeee/FreeKV, accuracy/kvc/patch/dynamic_attention.py): stampRule=alpha, with page=1 the attention of
 *   tokens, else pageScore=bound; prompt not pinned, sinks and recent tokens beside the budget (here within it),
 *   newPageStamp=inherit, denseLayers=1; it softmaxes bounds for each query head before their mean. A prompt over
 *   budget is prefillOverflow=topByLastQuery, but not pinned afterwards: its tokens are packed into new pages.
 * - epiphany (stevenkolawole/epiphany-kv-cache, src/eviction.py): page=1, pageScore=mass; one choice for all layers, for
 *   which headGroup=layer is the nearest: layers are replayed one by one.
 *
 * Departures: memory is per KV head, where the authors' code has one table a query head; what happens to a prompt over
 * budget is not said in the paper and is a parameter here. Pages count from position 0; a page that holds a prompt token
 * is pinned whole. Eviction comes after attention, so a step reads up to one token over the budget; stamps begin with
 * decoding, in the code when the cache is full.
 */
export const raas = definePolicy({
  title: "keeps the pages used most recently, and the prompt; reads all it keeps",
  source: "https://arxiv.org/abs/2502.11147",
  parameters: RAAS_PARAMETERS,
  create: (rules) => {
    const { budget, page, sinks, recent } = rules;
    requireWholePages("raas", budget, page);
    requireBelowBudget("raas", "sinks + recent", sinks + recent, budget);
    const bounds = pageScoreOf(rules) === "bound" || mayReadSomeOfPrompt(rules);
    return {
      label: `RaaS ${budget}`,
      indexPageTokens: page,
      work: {
        ...NO_WORK,
        materialisesScores: pageScoreOf(rules) !== "bound",
        representativeShare: bounds ? 1 : 0,
        selects: true,
      },
      notes: notesOf(rules),
      footprint: (lengths) => raasFootprint(rules, lengths),
      lanes: lanesOf(rules, bounds),
    };
  },
});

function mayReadSomeOfPrompt({ pinPrefill, budgetIncludesPrefill, prefillOverflow }: RaasRules): boolean {
  return pinPrefill && budgetIncludesPrefill && prefillOverflow === "questOnPrefill";
}

function lanesOf(rules: RaasRules, bounds: boolean): Lanes {
  const { pinPrefill, budgetIncludesPrefill, prefillOverflow, headGroup } = rules;
  const cutsPrompt = pinPrefill && budgetIncludesPrefill && prefillOverflow === "topByLastQuery";
  const score = pageScoreOf(rules);
  const needs: TraceChannel[] = ["attention"];
  if (bounds) needs.push("page-bounds");
  if (cutsPrompt) needs.push("queries");
  return {
    needs,
    group: HEAD_GROUPS[headGroup],
    observes: score !== "bound",
    lookback: cutsPrompt ? 2 : 0, // the prompt's last query, after the first decode step
    ...(score === "max" ? { oracle: "step" } : {}),
    start: (prompt) => new RaasLane(rules, prompt),
  };
}

function notesOf(rules: RaasRules): string[] {
  const notes = ["Memory and reads are those of one table of pages a KV head, not one a query head.", PAGED_NOTE];
  if (rules.pinPrefill && rules.budgetIncludesPrefill) notes.push(OVERFLOW_NOTES[rules.prefillOverflow]);
  const score = pageScoreOf(rules);
  if (score !== "bound") notes.push("Stamps need the attention weights, so decode attention is not fused.");
  if (score === "max") notes.push("Pages are rated by their largest attention, which bounds stand in for: an oracle.");
  return notes;
}

const OVERFLOW_NOTES: Readonly<Record<RaasRules["prefillOverflow"], string>> = {
  keepAll: "A prompt over budget is kept whole: the budget becomes the prompt and one page.",
  topByLastQuery: "A prompt over budget is cut to the budget after the first decode step, and gets one page more.",
  questOnPrefill:
    "A prompt over budget is kept whole; a step reads a budget of it and up to a budget of decoded tokens.",
  error: "A prompt over budget is refused.",
};
