import { expect } from "vitest";

/** A choice by scores, as a definition states it. */
export interface Rule {
  /** Chosen whatever their score. */
  readonly always: readonly number[];
  /** Of these the best are taken … */
  readonly among: readonly number[];
  /** … so many, or all if there are no more. */
  readonly take: number;
  readonly score: (position: number) => number;
  /**
   * Of equal scores: a top-k takes the lower position first; an eviction drops the lower one first. Either may be right if
   * scores are sums of neighbours, which are equal or not by the order of adding.
   */
  readonly ties: "lower taken" | "lower dropped" | "either";
}

const ROUNDING = 1e-6;

/** What the rule chooses, ascending. */
export function choose({ always, among, take, score, ties }: Rule): number[] {
  const sign = ties === "lower dropped" ? -1 : 1;
  const best = [...among].sort((a, b) => score(b) - score(a) || sign * (a - b)).slice(0, Math.max(0, take));
  return [...new Set([...always, ...best])].sort((a, b) => a - b);
}

/**
 * Expects what the rule chooses. Positions that differ must have scores that rounding to f32 cannot tell apart; where
 * the scores are equal to the last bit, the tie must have been resolved as the rule says.
 */
export function expectChoice(found: readonly number[], rule: Rule, where: string): void {
  const expected = choose(rule);
  const missing = expected.filter((position) => !found.includes(position));
  const extra = found.filter((position) => !expected.includes(position));
  const excusable =
    missing.length === extra.length &&
    missing.every((a) =>
      extra.every((b) => {
        if (!rule.among.includes(a) || !rule.among.includes(b)) return false;
        const [x, y] = [rule.score(a), rule.score(b)];
        const open = x !== y || rule.ties === "either";
        return open && Math.abs(x - y) <= ROUNDING * Math.max(Math.abs(x), Math.abs(y), ROUNDING);
      }),
    );
  if (!excusable) expect({ where, found }).toEqual({ where, found: expected });
}
