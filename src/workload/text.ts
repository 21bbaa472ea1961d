/**
 * A stretch of text: the tokens start … start + tokens - 1 of one long numbering in which equal numbers are equal tokens.
 * Two prompts begin alike as far as their numbers agree, token by token. Nothing else is known of a text.
 */
export interface Stretch {
  readonly start: number;
  readonly tokens: number;
}

/** Numbers that one text may take; the longest prompt and the longest output of a log or an option are a sixth of it. */
export const TEXT_TOKENS = 2 ** 26;

/** Hands out numbers to texts that nobody has met before. */
export class Texts {
  #taken = 0;

  /** The first of TEXT_TOKENS numbers. Exact for the first 2^27 texts, more than a run has requests. */
  take(): number {
    return TEXT_TOKENS * this.#taken++;
  }
}

/** The stretches one after the other, those that go on where the one before ends as one, empty ones left out. */
export function joined(stretches: Iterable<Stretch>): readonly Stretch[] {
  const all: Stretch[] = [];
  for (const next of stretches) {
    const last = all.at(-1);
    if (next.tokens === 0) continue;
    if (last !== undefined && last.start + last.tokens === next.start) {
      all[all.length - 1] = { start: last.start, tokens: last.tokens + next.tokens };
    } else all.push(next);
  }
  return all;
}
