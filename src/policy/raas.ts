import { constant, type Line } from "../core/line.js";
import { roundUp } from "./closed-forms.js";
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
import type { LayerFootprint, Lengths } from "./policy.js";
import { RaasLane, type RaasRules } from "./raas-lane.js";

const SAME = "does not change memory or reads";

/**
 * RaaS (arXiv 2502.11147; DerekHJH/RaaS): stamps the pages in use at each step, reads all it holds, and over budget drops
 * the page with the oldest stamp. The prompt is pinned, as the paper has it (the code read does not pin it).
 * Departures: memory is per KV head, where the code has one table a query head; what happens to a prompt over budget is
 * not said in the paper and is a parameter here. Pages of a token count from position 0; a page that holds a prompt token
 * is pinned whole. Eviction comes after attention, so a step reads up to one token over the budget.
 */
export const raas = definePolicy({
  title: "keeps the pages used most recently, and the prompt; reads all it keeps",
  source: "https://arxiv.org/abs/2502.11147",
  parameters: {
    budget: { ...BUDGET, help: "tokens a layer keeps" },
    page: PAGE,
    stampRule: {
      kind: "choice",
      default: "topFraction",
      choices: ["topFraction", "alpha", "halfBudget"],
      help: `which pages are stamped as used in a step; ${SAME}`,
    },
    fraction: {
      kind: "number",
      default: 0.5,
      min: 0,
      max: 1,
      help: `share of pages stamped under stampRule=topFraction; ${SAME}`,
    },
    alpha: {
      kind: "number",
      default: 1e-4,
      min: 0,
      max: 1,
      help: `score above which a page is stamped under stampRule=alpha; ${SAME}`,
    },
    pinPrefill: { kind: "boolean", default: true, help: "pages of the prompt are never dropped" },
    budgetIncludesPrefill: { kind: "boolean", default: true, help: "the prompt counts against the budget" },
    prefillOverflow: {
      kind: "choice",
      default: "keepAll",
      choices: ["keepAll", "topByLastQuery", "questOnPrefill"],
      help:
        "a pinned prompt over budget: keepAll (budget becomes prompt and one page), topByLastQuery (prompt is cut to " +
        "the budget), questOnPrefill (prompt is kept, a budget of it is read, decoded tokens get a budget of their own)",
    },
    newPageStamp: {
      kind: "choice",
      default: "now",
      choices: ["now", "zero"],
      help: `stamp of a page when it appears; ${SAME}`,
    },
    headGroup: HEAD_GROUP,
    protectLastPage: { kind: "boolean", default: true, help: `the newest page is never dropped; ${SAME}` },
  },
  create: (rules) => {
    requireWholePages("raas", rules.budget, rules.page);
    const notes = ["Memory and reads are those of one table of pages a KV head, not one a query head.", PAGED_NOTE];
    if (rules.pinPrefill && rules.budgetIncludesPrefill) notes.push(OVERFLOW_NOTES[rules.prefillOverflow]);
    return {
      label: `RaaS ${rules.budget}`,
      indexPageTokens: rules.page,
      work: { ...NO_WORK, representativeShare: 1, selects: true },
      notes,
      footprint: (lengths) => footprint(rules, lengths),
      lanes: {
        needs: rules.stampRule === "alpha" ? ["attention"] : ["attention", "page-bounds"],
        group: HEAD_GROUPS[rules.headGroup],
        observes: rules.stampRule === "alpha",
        lookback: rules.prefillOverflow === "topByLastQuery" ? 2 : 0,
        start: (prompt) => new RaasLane(rules, prompt),
      },
    };
  },
});

const OVERFLOW_NOTES: Readonly<Record<RaasRules["prefillOverflow"], string>> = {
  keepAll: "A prompt over budget is kept whole: the budget becomes the prompt and one page.",
  topByLastQuery: "A prompt over budget is cut to the budget after the first decode step, and gets one page more.",
  questOnPrefill:
    "A prompt over budget is kept whole; a step reads a budget of it and up to a budget of decoded tokens.",
};

function footprint(rules: RaasRules, { prompt, generated }: Lengths): LayerFootprint {
  const { budget, page } = rules;
  const held = prompt + generated;
  const first = generated === 1; // prefill is dense: its first step sees the whole prompt
  if (rules.pinPrefill && rules.budgetIncludesPrefill && prompt > budget) {
    if (rules.prefillOverflow === "questOnPrefill") return questOnPrefill(rules, prompt, generated);
    if (rules.prefillOverflow === "topByLastQuery") {
      return first ? everything(constant(held), 1) : capped(capacity(rules, budget), page, budget + generated);
    }
  }
  const most = capacity(rules, prompt);
  if (first && prompt > most) return everything(constant(held), 1);
  return capped(most, page, held);
}

/** Tokens held at most between steps. A pinned prompt and the newest page cannot be dropped, whatever the budget. */
function capacity({ budget, page, pinPrefill, budgetIncludesPrefill }: RaasRules, prompt: number): number {
  const asked = budgetIncludesPrefill ? budget : prompt + budget;
  return pinPrefill ? Math.max(asked, roundUp(prompt, page) + page) : asked;
}

/**
 * Grows to the capacity; the token after that makes a page go, so steps read capacity - page + 2 … capacity + 1 in turn:
 * capacity + 1 - (page - 1) / 2 on average. Memory is held for the pages of the fullest step.
 */
function capped(most: number, page: number, held: number): LayerFootprint {
  if (held <= most) return everything({ now: held, perStep: 1 }, most - held + 1);
  const read = constant(most + 1 - Math.floor((page - 1) / 2));
  return { resident: constant(roundUp(most + 1, page)), read, scored: read, steadyFor: Infinity };
}

function questOnPrefill({ budget, page }: RaasRules, prompt: number, generated: number): LayerFootprint {
  const { read, steadyFor } = capped(budget, page, generated);
  const held: Line = { now: prompt + read.now, perStep: read.perStep };
  const resident = read.perStep === 1 ? held : constant(roundUp(prompt + budget + 1, page));
  return { resident, read: { now: budget + read.now, perStep: read.perStep }, scored: held, steadyFor };
}

function everything(line: Line, steadyFor: number): LayerFootprint {
  return { resident: line, read: line, scored: line, steadyFor };
}
