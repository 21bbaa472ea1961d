/** A position of the map is read if it gets at least this share of a row: θ of the RaaS authors' phoenix detector. */
export const READ_SHARE = 0.01;
/** Rows without a read after which a token counts as forgotten: the paper's example of a phoenix's sleep. */
export const PATIENCE_ROWS = 128;
/** The first tokens, on which StreamingLLM (arXiv 2309.17453) found mass gather whatever they say. */
export const SINK_TOKENS = 4;
/** The latest tokens, the query's own included: a head that looks no further needs a cache of this size. */
export const RECENT_TOKENS = 64;
/** Budgets for which the RaaS authors count phoenix tokens. */
export const PHOENIX_BUDGETS = [64, 128, 256, 512, 1024] as const;
/** Below a tenth of its mass, what a head reads of milestones is not what it is for. */
const MILESTONE_SHARE = 0.1;
/** A phoenix sleeps most of the time, so a fiftieth of all mass is many a strong read: of 128 rows, 2.5 in full. */
const PHOENIX_SHARE = 0.02;

export type HeadKind = "milestone" | "phoenix" | "lazy";

/** Where a head's attention goes: shares of the mass of all its decode rows, which sum to 1. */
export interface HeadShares {
  /** On the first 4 tokens. */
  readonly sinks: number;
  /** On the last 64 tokens, sinks aside. */
  readonly recent: number;
  /** On decoded tokens beyond the recent window, read without a pause of more than 128 rows since they were decoded. */
  readonly milestone: number;
  /** On tokens that had gone unread for more than 128 rows before: what a cache of that patience would have lost. */
  readonly phoenix: number;
  /** On prompt tokens that have never been left unread for so long. */
  readonly steady: number;
  /** Below 0.01 a token, beyond the recent window. */
  readonly faint: number;
}

/** What one head reads: its shares, its kind, and its tokens that woke up. */
export interface HeadReads {
  readonly kind: HeadKind;
  readonly shares: HeadShares;
  /** Share of the milestones' mass on tokens that have faded by the end: unread in the last 128 rows. */
  readonly fadedShare: number;
  /** For each of PHOENIX_BUDGETS, tokens with a pause of more rows than it between two reads, and those of the prompt. */
  readonly phoenixTokens: readonly { readonly budget: number; readonly all: number; readonly prompt: number }[];
}

/**
 * The kind of a head, after RaaS (arXiv 2502.11147), which tells three apart by eye: **milestone** ("waterfall"), a
 * decoded token is read strongly for a while, then fades and is not read again; **phoenix**, a token goes unread for a
 * long stretch, then matters again, almost always one of the prompt; **lazy** (StreamingLLM-like), mass on sinks and the
 * recent window. Made precise here:
 *
 * - only reads outside the sinks and the recent window tell a head from a lazy one;
 * - a token's first life lasts until its first pause of more than 128 rows; for a decoded token, mass read in it is
 *   milestone mass; mass read after such a pause is phoenix mass. So a milestone that flickers long after it has faded
 *   counts as one for all it was read before, and a token read after any sleep is a phoenix only from then on;
 * - a head is phoenix if at least 2 % of its mass is phoenix mass and no less than its milestone mass; else milestone, if
 *   at least 10 % is milestone mass; else lazy, the rest, as in the paper, whose three shares sum to 100 %.
 *
 * A recording of fewer than 128 decode steps cannot show a phoenix.
 */
export function headKind({ milestone, phoenix }: Pick<HeadShares, "milestone" | "phoenix">): HeadKind {
  if (phoenix >= PHOENIX_SHARE && phoenix >= milestone) return "phoenix";
  return milestone >= MILESTONE_SHARE ? "milestone" : "lazy";
}
