import { stream, type Rng } from "../core/rng.js";

/** Kinds of heads, in the shares that RaaS (arXiv 2502.11147) counted in Qwen2.5-Math-7B on 100 MATH500 samples. */
export const KIND_SHARES = { milestone: 0.242, phoenix: 0.015, lazy: 0.743 } as const;
export type SyntheticKind = keyof typeof KIND_SHARES;

/** Directions of key space that tokens of each role take in turn. */
export const DIRECTIONS = { milestone: 12, phoenix: 6, echo: 8 } as const;

/** Tokens that queries of the rows `from` to `to` - 1 look at beyond sinks and the recent window. */
export interface Role {
  /** Positions of keys; one, but for echoes. */
  readonly first: number;
  readonly end: number;
  readonly direction: number;
  readonly bursts: readonly { readonly from: number; readonly to: number }[];
  /** Share of a row's mass in a burst. */
  readonly mass: number;
}

/** What the heads of one layer attend to. */
export interface LayerPlan {
  readonly kinds: readonly SyntheticKind[]; // by query head
  readonly milestones: readonly (readonly Role[])[]; // by KV head
  readonly phoenixes: readonly (readonly Role[])[]; // by KV head
  readonly echoes: readonly Role[]; // for all heads
}

const between = (rng: Rng, low: number, high: number): number => low + Math.floor(rng() * (high - low));

/** The kinds of `heads` heads, in shuffled order: shares rounded by largest remainder. */
export function dealKinds(seed: number, heads: number): SyntheticKind[] {
  const kinds = Object.entries(KIND_SHARES) as [SyntheticKind, number][];
  const counts = kinds.map(([kind, share]) => ({ kind, whole: Math.floor(share * heads), rest: (share * heads) % 1 }));
  const missing = heads - counts.reduce((sum, { whole }) => sum + whole, 0);
  const favoured = new Set([...counts].sort((a, b) => b.rest - a.rest).slice(0, missing));
  const dealt = counts.flatMap((count) =>
    Array.from({ length: count.whole + Number(favoured.has(count)) }, () => count.kind),
  );
  const rng = stream(seed, "kinds");
  for (let i = dealt.length - 1; i > 0; i--) {
    const other = between(rng, 0, i + 1);
    [dealt[i], dealt[other]] = [dealt[other] as SyntheticKind, dealt[i] as SyntheticKind];
  }
  return dealt;
}

/** Milestones: every 30 to 50 decoded tokens one that is read for 120 to 320 rows, less and less in the last third. */
export function planMilestones(rng: Rng, promptTokens: number, totalTokens: number): Role[] {
  const roles: Role[] = [];
  for (let first = promptTokens; first < totalTokens; first += between(rng, 30, 50)) {
    const direction = roles.length % DIRECTIONS.milestone; // free again after 360 tokens or more
    const life = between(rng, 120, 320);
    const bursts = [{ from: first + 1, to: first + 1 + life }];
    roles.push({ first, end: first + 1, direction, bursts, mass: 0.04 + 0.08 * rng() });
  }
  return roles;
}

/** Phoenix tokens: a few of the prompt, each asleep for 140 to 320 rows, then read for 16, again and again. */
export function planPhoenixes(rng: Rng, sinks: number, promptTokens: number, totalTokens: number): Role[] {
  const places = new Set<number>();
  const wanted = Math.min(DIRECTIONS.phoenix, promptTokens - sinks);
  while (places.size < wanted) places.add(between(rng, sinks, promptTokens));
  return [...places].map((first, direction) => {
    const bursts: { from: number; to: number }[] = [];
    for (let from = promptTokens + between(rng, 140, 320); from < totalTokens; from += 16 + between(rng, 140, 320)) {
      bursts.push({ from, to: from + 16 });
    }
    return { first, end: first + 1, direction, bursts, mass: 0.3 };
  });
}

const ECHO_TOKENS = 32;
const ECHO_SHARE = 0.26; // of decoded tokens: more than a fifth would raise the 80 % quantile of gaps beyond 175
const ECHO_ROWS = 3;

/**
 * Echoes: passages of 32 decoded tokens that are looked at once more, faintly, 205 to 625 rows after they ended, when no
 * head has seen them for 60 to 530. They are what the recurrence gaps come from.
 */
export function planEchoes(rng: Rng, promptTokens: number, totalTokens: number): Role[] {
  const wanted = Math.round((ECHO_SHARE * (totalTokens - promptTokens)) / ECHO_TOKENS);
  const found: { first: number; row: number }[] = [];
  for (let tries = 0; tries < 20 * wanted && found.length < wanted; tries++) {
    const first = between(rng, promptTokens, totalTokens);
    const row = first + ECHO_TOKENS + between(rng, 205, 625);
    const apart = found.every((other) => Math.abs(other.first - first) >= ECHO_TOKENS);
    if (apart && row + ECHO_ROWS <= totalTokens) found.push({ first, row });
  }
  found.sort((a, b) => a.first - b.first);
  const roles = found.map(({ first, row }, i) => {
    const bursts = [{ from: row, to: row + ECHO_ROWS }];
    return { first, end: first + ECHO_TOKENS, direction: i % DIRECTIONS.echo, bursts, mass: 0.02 };
  });
  // A passage whose direction is taken again before its echo could not be told from the later one.
  return roles.filter((role, i) => (roles[i + DIRECTIONS.echo]?.first ?? Infinity) > (role.bursts[0]?.to ?? 0));
}
