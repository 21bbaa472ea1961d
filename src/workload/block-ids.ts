import { InputError } from "../core/check.js";
import { RecentBlocks, UnlimitedBlocks } from "./block-cache.js";
import { IntColumn } from "./int-column.js";

const MAX_DISTINCT = 16_000_000; // what one map of the runtime holds

/** Which blocks of prefix each prompt is made of. Equal numbers mean equal prefixes, from the first block on. */
export interface PrefixBlocks {
  /** Tokens of a full block; null if blocks differ in size. */
  readonly blockTokens: number | null;
  /** Tokens of each block where they differ, by id, as far as the log says; null if it says nothing. */
  readonly tokens: Int32Array | null;
  readonly distinct: number;
  /** Request r has blocks ids[start[r]] … ids[start[r] + count[r] - 1]; ids are 0 … distinct - 1. */
  readonly start: Int32Array;
  readonly count: Int32Array;
  readonly ids: Int32Array;
}

/** Block names as they are read, made dense; names of different scopes never meet. */
export class BlockIds {
  readonly #start = new IntColumn();
  readonly #count = new IntColumn();
  readonly #ids = new IntColumn();
  readonly #scopes = new Map<string, Map<unknown, number>>();
  #references = 0;
  distinct = 0;

  /** `names` are numbers or texts. Throws InputError naming `path`. */
  add(row: number, names: readonly unknown[], scope: string, path: string): void {
    let known = this.#scopes.get(scope);
    if (known === undefined) this.#scopes.set(scope, (known = new Map()));
    this.#start.set(row, this.#references);
    this.#count.set(row, names.length);
    for (const name of names) {
      let id = known.get(name);
      if (id === undefined) {
        id = this.distinct++;
        if (id >= MAX_DISTINCT) throw new InputError(path, `has more than ${MAX_DISTINCT} distinct prefix blocks`);
        known.set(name, id);
      }
      this.#ids.set(this.#references++, id);
    }
    if (this.#references >= 2 ** 31) throw new InputError(path, "has more than 2^31 prefix blocks");
  }

  /** `tokensOf` are lengths by name, of blocks without scope. */
  finish(
    length: number,
    order: Uint32Array | undefined,
    blockTokens: number | null,
    tokensOf: ReadonlyMap<unknown, number> | undefined,
  ): PrefixBlocks {
    const tokens = tokensOf === undefined ? null : new Int32Array(this.distinct);
    for (const [name, id] of this.#scopes.get("") ?? []) if (tokens !== null) tokens[id] = tokensOf?.get(name) ?? 0;
    return {
      blockTokens,
      tokens,
      distinct: this.distinct,
      start: this.#start.take(length, order),
      count: this.#count.take(length, order),
      ids: this.#ids.take(this.#references, undefined),
    };
  }
}

/** The share of prompt tokens, and of blocks, that a prefix cache would have held. */
export interface PrefixReuse {
  readonly references: number;
  readonly distinct: number;
  /** null where the sizes of blocks are unknown. */
  readonly tokenHitRate: number | null;
  readonly blockHitRate: number;
}

/**
 * Leading blocks of each prompt that a cache of `capacity` blocks holds when the request arrives: requests one after the
 * other, the longest run of leading blocks that it has is the hit; then all blocks of the prompt are used, from its start,
 * and the least recently used ones forgotten. Outputs are not inserted.
 */
export function leadingHits(blocks: PrefixBlocks, capacity = Infinity): Int32Array {
  const cache = capacity === Infinity ? new UnlimitedBlocks(blocks.distinct) : new RecentBlocks(capacity);
  return blocks.start.map((start, row) => {
    const end = start + (blocks.count[row] as number);
    let at = start;
    while (at < end && cache.has(blocks.ids[at] as number)) at++;
    for (let i = start; i < end; i++) cache.use(blocks.ids[i] as number);
    return at - start;
  });
}

/** Tokens of the first n blocks of a prompt, at most as many as it has; NaN where sizes are unknown. */
export function leadingTokens(blocks: PrefixBlocks, row: number, n: number, promptTokens: number): number {
  if (blocks.blockTokens !== null) return Math.min(n * blocks.blockTokens, promptTokens);
  if (blocks.tokens === null) return NaN;
  const start = blocks.start[row] as number;
  let sum = 0;
  for (let i = start; i < start + n; i++) sum += blocks.tokens[blocks.ids[i] as number] as number;
  return Math.min(sum, promptTokens);
}

/** A hit of n blocks is one of their tokens. */
export function prefixReuse(blocks: PrefixBlocks, promptTokens: Int32Array, capacity = Infinity): PrefixReuse {
  let references = 0;
  let hitBlocks = 0;
  let hitTokens = 0;
  let tokens = 0;
  leadingHits(blocks, capacity).forEach((hit, row) => {
    const prompt = promptTokens[row] as number;
    references += blocks.count[row] as number;
    hitBlocks += hit;
    tokens += prompt;
    hitTokens += leadingTokens(blocks, row, hit, prompt);
  });
  return {
    references,
    distinct: blocks.distinct,
    tokenHitRate: Number.isNaN(hitTokens) ? null : hitTokens / tokens,
    blockHitRate: references === 0 ? 0 : hitBlocks / references,
  };
}
