import type { Stretch } from "../workload/text.js";

/** A block in memory: the text up to its end, or null if nobody can find it. */
interface Block {
  text: string | null;
  users: number;
}

/** Blocks of one sequence, first to last. */
export interface NaiveHold {
  readonly blocks: Block[];
}

/**
 * Prefix caching from its definition, a block at a time: every block knows the whole text up to its end, a map finds it by
 * that, and blocks that nobody uses stand in one list, the next to be taken first.
 */
export class NaivePrefixCache {
  readonly free: Block[] = [];
  readonly #known = new Map<string, Block>();
  readonly #blockTokens: number;

  constructor(blockTokens: number, blocks: number) {
    this.#blockTokens = blockTokens;
    for (let i = 0; i < blocks; i++) this.free.push({ text: null, users: 0 });
  }

  /** Tokens of a context that need not be computed, and blocks of them that others use. */
  match(text: readonly Stretch[], tokens: number): { cached: number; used: number } {
    const found = this.#find(text, tokens);
    if (found.length * this.#blockTokens >= tokens) found.pop();
    return { cached: found.length, used: found.filter(({ users }) => users > 0).length };
  }

  /** Gives a sequence the cached blocks and as many new ones as the rest of `tokens` needs; undefined if too few are free. */
  admit(text: readonly Stretch[], tokens: number): NaiveHold | undefined {
    const needed = Math.ceil(tokens / this.#blockTokens);
    const found = this.#find(text, tokens);
    // The last block is computed again: beside one that somebody uses, in place otherwise.
    const last = found.at(-1);
    const copied = last !== undefined && last.users > 0 && found.length * this.#blockTokens >= tokens;
    const idle = found.filter(({ users }) => users === 0).length;
    if (needed - found.length + idle + (copied ? 1 : 0) > this.free.length) return undefined;
    for (const block of found) if (block.users++ === 0) this.free.splice(this.free.indexOf(block), 1);
    const hold = { blocks: [...found] };
    if (copied) hold.blocks.push(this.#take());
    while (hold.blocks.length < needed + (copied ? 1 : 0)) hold.blocks.push(this.#take());
    if (copied) hold.blocks.push(...hold.blocks.splice(found.length, 1)); // it counts as the last: nobody finds it
    this.publish(hold, text, tokens);
    return hold;
  }

  /** Takes one more block; false if none is free. */
  grow(hold: NaiveHold): boolean {
    if (this.free.length === 0) return false;
    hold.blocks.push(this.#take());
    return true;
  }

  /** Whole blocks of the text become known, up to the first whose equal is another block. */
  publish({ blocks }: NaiveHold, text: readonly Stretch[], tokens: number): void {
    for (const [i, name] of this.#names(text, tokens).entries()) {
      const block = blocks[i] as Block;
      const known = this.#known.get(name);
      if (known === block) continue;
      if (known !== undefined) return;
      block.text = name;
      this.#known.set(name, block);
    }
  }

  /** Frees all blocks, the last of the text first. Returns how many are free by that. */
  release({ blocks }: NaiveHold): number {
    const before = this.free.length;
    for (const unknown of [true, false])
      for (const block of blocks.toReversed())
        if ((block.text === null) === unknown && --block.users === 0) this.free.push(block);
    return this.free.length - before;
  }

  #take(): Block {
    const block = this.free.shift() as Block;
    if (block.text !== null) this.#known.delete(block.text);
    block.text = null;
    block.users = 1;
    return block;
  }

  #find(text: readonly Stretch[], tokens: number): Block[] {
    const found: Block[] = [];
    for (const name of this.#names(text, tokens)) {
      const block = this.#known.get(name);
      if (block === undefined) break;
      found.push(block);
    }
    return found;
  }

  /** The text up to the end of each whole block, token by token. */
  #names(text: readonly Stretch[], tokens: number): string[] {
    const all = text.flatMap(({ start, tokens: n }) => Array.from({ length: n }, (_, i) => start + i)).slice(0, tokens);
    const names: string[] = [];
    for (let end = this.#blockTokens; end <= all.length; end += this.#blockTokens)
      names.push(all.slice(0, end).join(" "));
    return names;
  }
}
