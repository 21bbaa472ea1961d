import { expect } from "vitest";
import { naiveBound } from "./naive-bound.js";
import { range, type NaiveHeads, type NaiveStep } from "./naive-lane.js";
import { choose } from "./rule.js";

export interface NaiveRaas {
  readonly budget: number;
  readonly page: number;
  readonly stampRule: "topFraction" | "alpha" | "halfBudget";
  readonly fraction: number;
  readonly alpha: number;
  readonly score: "bound" | "mass" | "max";
  readonly pinPrefill: boolean;
  readonly budgetIncludesPrefill: boolean;
  readonly prefillOverflow: "keepAll" | "topByLastQuery" | "questOnPrefill";
  readonly newPageStamp: "now" | "zero" | "inherit";
  readonly protectLastPage: boolean;
  readonly sinks: number;
  readonly recent: number;
}

/** The paper's defaults. */
export const PAPER: NaiveRaas = {
  budget: 64,
  page: 16,
  stampRule: "topFraction",
  fraction: 0.5,
  alpha: 1e-4,
  score: "bound",
  pinPrefill: true,
  budgetIncludesPrefill: true,
  prefillOverflow: "keepAll",
  newPageStamp: "now",
  protectLastPage: true,
  sinks: 0,
  recent: 0,
};

const NEVER = -1;

/**
 * RaaS as its description says: pages that contain a prompt token are pinned whole, so are those of sinks; pages of the
 * newest `recent` tokens are left alone. The others are stamped with the step when they appear and whenever they are
 * used; over budget, whole pages go, the oldest stamp first, of equal ones the lower page, never the newest page.
 */
export function naiveRaas(rules: NaiveRaas, heads: NaiveHeads): NaiveStep {
  const { budget, page: size, pinPrefill, budgetIncludesPrefill, prefillOverflow, sinks, recent } = rules;
  const P = heads.promptTokens;
  const pageOf = (j: number): number => Math.floor(j / size);
  const tokensOf = (page: number): number[] => range(page * size, (page + 1) * size);
  const free = (held: readonly number[], position: number): number[] =>
    [...new Set(held.map(pageOf))]
      .filter((page) => !tokensOf(page).some((j) => (pinPrefill && j < P) || j < sinks))
      .filter((page) => !tokensOf(page).some((j) => j <= position && j > position - recent));
  const stamps = new Map(free(range(0, P), P - 1).map((page) => [page, NEVER]));
  const overflows = pinPrefill && budgetIncludesPrefill && P > budget;
  const onPrompt = overflows && prefillOverflow === "questOnPrefill";
  const limit = onPrompt || !budgetIncludesPrefill ? P + budget : budget;

  return (step, position, held, { read, kept }) => {
    const pages = free(held, position);
    for (const page of pages.filter((candidate) => !stamps.has(candidate))) {
      const others = pages.filter((other) => other !== page).map((other) => stamps.get(other) ?? NEVER);
      const oldest = others.length === 0 ? NEVER : Math.min(...others);
      stamps.set(page, { now: step, zero: NEVER, inherit: oldest }[rules.newPageStamp]);
    }
    for (const page of used(rules, heads, pages, held, position)) stamps.set(page, step);

    expect({ step, read }).toEqual({ step, read: onPrompt ? readOfPrompt(rules, heads, held, position) : held });

    let left = [...held];
    if (step === 0 && overflows && prefillOverflow === "topByLastQuery") {
      const last = heads.queryHeads.map((head) => heads.logits(head, P - 1));
      const wanted = choose({
        always: [...range(0, sinks), ...range(P - recent, P)],
        among: range(sinks, P - recent),
        take: budget - sinks - recent,
        score: (j) => last.reduce((sum, row) => sum + row[j]!, 0),
        ties: "lower taken",
      });
      left = left.filter((j) => j >= P || wanted.includes(j));
    }
    while (left.length > limit) {
      const victims = pages.filter((page) => left.some((j) => pageOf(j) === page));
      const evictable = victims.filter((page) => !(rules.protectLastPage && page === pageOf(position)));
      if (evictable.length === 0) break;
      const victim = evictable.reduce((oldest, page) => (stamps.get(page)! < stamps.get(oldest)! ? page : oldest));
      left = left.filter((j) => pageOf(j) !== victim);
    }
    expect({ where: heads.name, step, kept }).toEqual({ where: heads.name, step, kept: left });
  };
}

function used(
  rules: NaiveRaas,
  heads: NaiveHeads,
  pages: readonly number[],
  held: readonly number[],
  position: number,
): readonly number[] {
  const row = rules.score === "bound" ? [] : heads.attention(position, held);
  const scores = new Map(
    pages.map((page) => {
      if (rules.score === "bound") return [page, naiveBound(heads, page, rules.page, position)];
      const shares = held.filter((j) => Math.floor(j / rules.page) === page).map((j) => row[j]!);
      return [page, rules.score === "max" ? Math.max(...shares) : shares.reduce((sum, share) => sum + share, 0)];
    }),
  );
  const score = (page: number): number => scores.get(page)!;
  if (rules.stampRule === "alpha") {
    if (rules.score !== "bound") return pages.filter((page) => score(page) > rules.alpha);
    const total = pages.reduce((sum, page) => sum + Math.exp(score(page)), 0);
    return pages.filter((page) => Math.exp(score(page)) / total > rules.alpha);
  }
  const half = Math.floor(Math.floor(rules.budget / rules.page) / 2);
  const take = rules.stampRule === "topFraction" ? Math.ceil(rules.fraction * pages.length) : half;
  return choose({ always: [], among: pages, take, score, ties: "lower taken" });
}

/** Quest on the prompt: its last page and the best others, budget / page in all; and all decoded tokens. */
function readOfPrompt(rules: NaiveRaas, heads: NaiveHeads, held: readonly number[], position: number): number[] {
  const { budget, page: size } = rules;
  const last = Math.ceil(heads.promptTokens / size) - 1;
  const others = range(0, last);
  const bounds = others.map((page) => naiveBound(heads, page, size, position));
  const best = choose({
    always: [last],
    among: others,
    take: budget / size - 1,
    score: (page) => bounds[page]!,
    ties: "lower taken",
  });
  return held.filter((j) => j >= heads.promptTokens || best.includes(Math.floor(j / size)));
}
