import { InputError } from "../core/check.js";
import { IntColumn } from "./int-column.js";

const MAX_DISTINCT = 16_000_000; // what one map of the runtime holds

/** Which blocks of prefix each prompt is made of. Equal numbers mean equal prefixes, from the first block on. */
export interface PrefixBlocks {
  /** Tokens of a full block; null if blocks differ in size. */
  readonly blockTokens: number | null;
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

  finish(length: number, order: Uint32Array | undefined, blockTokens: number | null): PrefixBlocks {
    return {
      blockTokens,
      distinct: this.distinct,
      start: this.#start.take(length, order),
      count: this.#count.take(length, order),
      ids: this.#ids.take(this.#references, undefined),
    };
  }
}

/** The share of prompt tokens, and of blocks, that an unlimited prefix cache would have held. */
export interface PrefixReuse {
  readonly references: number;
  readonly distinct: number;
  /** null where blocks differ in size. */
  readonly tokenHitRate: number | null;
  readonly blockHitRate: number;
}

/**
 * Leading blocks of each prompt that an unlimited cache holds when the request arrives: requests one after the other, the
 * longest run of leading blocks seen before is the hit; then all blocks of the prompt count as seen. Outputs are not
 * inserted.
 */
export function leadingHits(blocks: PrefixBlocks): Int32Array {
  const seen = new Uint8Array(blocks.distinct);
  return blocks.start.map((start, row) => {
    const end = start + (blocks.count[row] as number);
    let at = start;
    while (at < end && seen[blocks.ids[at] as number] === 1) at++;
    for (let i = at; i < end; i++) seen[blocks.ids[i] as number] = 1;
    return at - start;
  });
}

/** A hit of n blocks is one of min(n · block size, prompt) tokens. */
export function prefixReuse(blocks: PrefixBlocks, promptTokens: Int32Array): PrefixReuse {
  let references = 0;
  let hitBlocks = 0;
  let hitTokens = 0;
  let tokens = 0;
  leadingHits(blocks).forEach((hit, row) => {
    const prompt = promptTokens[row] as number;
    references += blocks.count[row] as number;
    hitBlocks += hit;
    tokens += prompt;
    hitTokens += Math.min(hit * (blocks.blockTokens ?? 0), prompt);
  });
  return {
    references,
    distinct: blocks.distinct,
    tokenHitRate: blocks.blockTokens === null ? null : hitTokens / tokens,
    blockHitRate: references === 0 ? 0 : hitBlocks / references,
  };
}
