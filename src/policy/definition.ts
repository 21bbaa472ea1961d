import { InputError } from "../core/check.js";
import type { HeadGroup } from "./lane.js";
import type { Parameters, PolicyDefinition, PolicyWork } from "./policy.js";

/** Gives a definition's `create` the exact types of its parameters. */
export function definePolicy<const P extends Parameters>(definition: PolicyDefinition<P>): PolicyDefinition<P> {
  return definition;
}

export const BUDGET = {
  kind: "integer",
  default: 1024,
  min: 16,
  max: 1_048_576,
  help: "tokens a layer keeps or reads",
} as const;

export const PAGE = {
  kind: "integer",
  default: 16,
  min: 1,
  max: 256,
  powerOfTwo: true,
  help: "tokens of a page; the budget is a multiple of it",
} as const;

export const HEAD_GROUP = {
  kind: "choice",
  default: "kvHead",
  choices: ["kvHead", "queryHead", "layer"],
  help: "heads that share one choice in a replay; scores are means over them",
} as const;

/** For policies whose references choose for a KV head or for a query head, never for a layer. */
export const KV_OR_QUERY_HEAD = {
  ...HEAD_GROUP,
  choices: ["kvHead", "queryHead"],
  help: "heads that share one choice in a replay (queryHead: as code without grouped queries does)",
} as const;

/** For policies that split their budget between the best tokens and the newest. */
export const RECENT_FRACTION = {
  kind: "number",
  default: 0.5,
  min: 0,
  max: 1,
  help: "share of the budget for the newest tokens; does not change memory or reads",
} as const;

/** How the votes of a group's query heads are joined, where code differs in it. */
export const GROUP_REDUCTION = {
  kind: "choice",
  default: "maxLogit",
  choices: ["maxLogit", "max", "mean"],
  help:
    "how query heads of a group are joined: largest logit (R-KV's code), largest attention, or mean attention " +
    "(kvpress); does not change memory or reads",
} as const;

export const HEAD_GROUPS: Readonly<Record<(typeof HEAD_GROUP.choices)[number], HeadGroup>> = {
  kvHead: "kv-head",
  queryHead: "query-head",
  layer: "layer",
};

/** A policy that adds nothing to a decode step. */
export const NO_WORK: PolicyWork = {
  materialisesScores: false,
  representativeShare: 0,
  selects: false,
  compressEverySteps: 0,
  comparesKeys: false,
};

export const SLOTS_NOTE =
  "Memory of an evicted token is taken to be free for the next one at once (compaction costs nothing).";

export const QUERY_HEAD_NOTE =
  "Memory and reads are those of one choice a KV head; one a query head takes up to the group size more.";

export const PAGED_NOTE =
  "The newest page is partly filled: reads are the mean over its filling, as a whole number of tokens.";

/** Throws InputError unless the budget is a whole number of pages. */
export function requireWholePages(kind: string, budget: number, page: number): void {
  if (budget % page === 0) return;
  const below = budget - (budget % page);
  const nearest = below === 0 ? `${page} is` : `${below} and ${below + page} are`;
  throw new InputError(`policy ${kind}`, `budget=${budget} is not a multiple of page=${page}; ${nearest}`);
}

/** Throws InputError unless a part of the budget leaves room for the rest. */
export function requireBelowBudget(kind: string, name: string, value: number, budget: number): void {
  if (value < budget) return;
  throw new InputError(`policy ${kind}`, `${name}=${value} must be below budget=${budget}`);
}

/** Throws InputError unless the value is odd. */
export function requireOdd(kind: string, name: string, value: number): void {
  if (value % 2 === 1) return;
  throw new InputError(`policy ${kind}`, `${name}=${value} is even; ${value - 1} and ${value + 1} are odd`);
}
