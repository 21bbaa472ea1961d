import { BUDGET, HEAD_GROUP, PAGE } from "./definition.js";
import type { ValuesOf } from "./policy.js";

const SAME = "does not change memory or reads";

/** What RaaS's paper, its authors' code and others' do differently. See raas.ts for who does what. */
export const RAAS_PARAMETERS = {
  budget: { ...BUDGET, help: "tokens a layer keeps" },
  page: PAGE,
  stampRule: {
    kind: "choice",
    default: "topFraction",
    choices: ["topFraction", "alpha", "halfBudget"],
    help: `which pages are stamped as used in a step: the best share of those held, those above alpha, or as many as half the budget has; ${SAME}`,
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
  pageScore: {
    kind: "choice",
    default: "byRule",
    choices: ["byRule", "bound", "mass", "max"],
    help:
      "score of a page: Quest's bound (softmaxed over the pages under alpha), its share of the attention, or its " +
      `largest attention, an oracle; byRule: mass under alpha, bound otherwise; ${SAME}`,
  },
  pinPrefill: { kind: "boolean", default: true, help: "pages of the prompt are never dropped" },
  budgetIncludesPrefill: { kind: "boolean", default: true, help: "the prompt counts against the budget" },
  prefillOverflow: {
    kind: "choice",
    default: "keepAll",
    choices: ["keepAll", "topByLastQuery", "questOnPrefill", "error"],
    help:
      "a pinned prompt over budget: keepAll (budget becomes prompt and one page), topByLastQuery (prompt is cut to " +
      "the budget), questOnPrefill (prompt is kept, a budget of it is read, decoded tokens get a budget of their own), " +
      "error (it is refused)",
  },
  newPageStamp: {
    kind: "choice",
    default: "now",
    choices: ["now", "zero", "inherit"],
    help: `stamp of a page when it appears (inherit: the oldest of the stamps there, that of the page it replaces); ${SAME}`,
  },
  headGroup: HEAD_GROUP,
  protectLastPage: { kind: "boolean", default: true, help: `the newest page is never dropped; ${SAME}` },
  sinks: { kind: "integer", default: 0, min: 0, max: 1024, help: "first tokens whose pages are never dropped" },
  recent: {
    kind: "integer",
    default: 0,
    min: 0,
    max: 65_536,
    help: "newest tokens whose pages are never dropped, nor stamped before they are older",
  },
} as const;

export type RaasRules = ValuesOf<typeof RAAS_PARAMETERS>;

/** What a page is rated by. */
export function pageScoreOf({ pageScore, stampRule }: RaasRules): "bound" | "mass" | "max" {
  if (pageScore !== "byRule") return pageScore;
  return stampRule === "alpha" ? "mass" : "bound";
}

/** What becomes of a prompt of so many tokens, if it is pinned and over budget. */
export function overflowOf(rules: RaasRules, prompt: number): RaasRules["prefillOverflow"] | undefined {
  const { budget, pinPrefill, budgetIncludesPrefill, prefillOverflow } = rules;
  return pinPrefill && budgetIncludesPrefill && prompt > budget ? prefillOverflow : undefined;
}
