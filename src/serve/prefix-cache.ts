import { check } from "../core/check.js";
import { RecencyList, type Ranked } from "../core/recency-list.js";
import type { BlockRun } from "./block-runs.js";

/** Blocks that nobody uses and nobody can find: never written, or of a text that nobody else has. */
interface Blank extends Ranked {
  readonly kind: "blank";
  blocks: number;
}

/** Cached blocks that follow each other, alike in who uses them. Its children begin behind its last block. */
interface Node extends Ranked {
  readonly kind: "node";
  key: BlockRun["key"];
  blocks: number;
  parent: Node | undefined; // undefined: the root, of no blocks
  children: Map<BlockRun["key"], Node> | undefined; // undefined: none yet
  users: number; // holds on it; while there is none it stands in the queue
}

/** What a sequence uses: a node and all above it. */
export interface Hold {
  readonly node: Node;
  readonly blocks: number; // from the root to the node's end
  readonly copies: number; // blocks of its own beside an equal one, which somebody used when it came
}

export interface Match {
  readonly cached: number; // blocks whose tokens need not be computed
  readonly used: number; // of these, used by others: they take no free block
}

/** How far a text is cached: to block `part` of `node`. */
interface Found extends Match {
  readonly node: Node;
  readonly part: number;
}

/**
 * The prefix cache of one engine as vLLM V1 keeps it (vllm/v1/core/kv_cache_manager.py, block_pool.py): whole blocks, found
 * by all tokens up to their end. Blocks that nobody uses stay findable until they are taken, least recently used first;
 * of those freed together the last of the text goes first. All counts are blocks of tokens over all layers.
 *
 * Blocks are kept as runs in a radix tree, so that cost and memory go with the number of stretches of text, not of tokens;
 * all that nobody can find is one count. Free blocks are taken later than they are promised: `settle` catches up, and since
 * frees add to one end of the queue and takes come off the other, the order is the same.
 *
 * One departure: a sequence whose whole context is cached computes the last block again (a step needs a token to emit
 * from). vLLM writes it to a new block; so does this if somebody uses the equal one, else it is written in place.
 */
export class PrefixCache {
  readonly #blockTokens: number;
  readonly #root: Node;
  readonly #queue = new RecencyList<Blank | Node>();
  #queued = 0; // blocks in the queue
  inUse = false; // somebody has looked for a text: until then all blocks are alike, and which are free does not matter
  #version = 0; // raised whenever what is found may have become another
  // The head of the queue is asked for again and again.
  #asked: readonly BlockRun[] | undefined;
  #askedAt = 0;
  #found: Found | undefined;

  constructor(blockTokens: number, freeBlocks: number) {
    this.#blockTokens = blockTokens;
    this.#root = node("", 0, undefined, 1); // never without a user
    this.blank(freeBlocks);
  }

  /** Takes blocks off the queue until `free` are left. */
  settle(free: number): void {
    let over = this.#queued - free;
    check(over >= 0, "the queue of free blocks has fewer than are free");
    this.#queued = free;
    while (over > 0) {
      const entry = this.#queue.oldest;
      check(entry !== undefined, "the queue of free blocks is shorter than its count");
      const taken = Math.min(over, entry.blocks);
      over -= taken;
      if (entry.kind === "node") this.#version++;
      entry.blocks -= taken; // of a node the last ones: the tail of a text goes first
      if (entry.blocks > 0) break;
      this.#queue.remove(entry);
      if (entry.kind === "blank") continue;
      check((entry.children?.size ?? 0) === 0, "a block was taken before those that follow it");
      entry.parent?.children?.delete(entry.key);
    }
  }

  /** What is cached of a context of so many tokens, at most all but its last token. */
  match(runs: readonly BlockRun[], tokens: number): Match {
    const found = this.#find(runs);
    if (found.cached * this.#blockTokens < tokens) return found;
    return { cached: found.cached - 1, used: found.node.users > 0 ? found.used - 1 : found.used };
  }

  /** Uses what `match` found. The caller counts as used what was not before. */
  hold(runs: readonly BlockRun[], tokens: number): Hold {
    const { node: last, part, cached: blocks } = this.#find(runs);
    const at = part < last.blocks ? this.#split(last, part) : last;
    this.inUse = true;
    this.#version++;
    const copies = at.users > 0 && blocks * this.#blockTokens >= tokens ? 1 : 0;
    for (let up: Node | undefined = at; up !== undefined; up = up.parent) {
      if (up.users++ > 0) continue;
      this.#queue.remove(up);
      this.#queued -= up.blocks;
    }
    return { node: at, blocks, copies };
  }

  /** Makes the blocks findable that a sequence has computed behind those it holds; what is there already stays its own. */
  insert(hold: Hold, runs: readonly BlockRun[]): Hold {
    let { node: at, blocks } = hold;
    let known = blocks;
    this.#version++;
    for (const run of runs) {
      const skipped = Math.min(known, run.blocks);
      known -= skipped;
      if (skipped === run.blocks) continue;
      const key = keyAt(run, skipped, this.#blockTokens);
      if (at.children?.has(key) === true) break;
      const child = node(key, run.blocks - skipped, at, 1);
      (at.children ??= new Map()).set(key, child);
      at = child;
      blocks += child.blocks;
    }
    return { ...hold, node: at, blocks };
  }

  /** Ends a hold by a sequence that has `held` blocks in all. Returns how many of them nobody uses now. */
  release({ node: last, blocks, copies }: Hold, held: number): number {
    let freed = held - blocks + copies;
    this.#version++;
    this.blank(freed);
    for (let up: Node | undefined = last; up !== undefined; up = up.parent) {
      if (--up.users > 0) continue;
      this.#queue.append(up);
      this.#queued += up.blocks;
      freed += up.blocks;
    }
    return freed;
  }

  /** Frees blocks that nobody can find. */
  blank(blocks: number): void {
    if (blocks === 0) return;
    this.#queued += blocks;
    const { youngest } = this.#queue;
    if (youngest?.kind === "blank") youngest.blocks += blocks;
    else this.#queue.append({ kind: "blank", blocks, older: undefined, younger: undefined });
  }

  /** What `release` would return once all the holds in `before` have been released. */
  freed({ node: last, blocks, copies }: Hold, held: number, before: readonly Hold[]): number {
    let freed = held - blocks + copies;
    for (let up: Node | undefined = last; up !== undefined; up = up.parent) {
      const here = up;
      if (here.users - before.filter((hold) => holds(hold, here)).length > 1) break; // and so are all above
      freed += here.blocks;
    }
    return freed;
  }

  #find(runs: readonly BlockRun[]): Found {
    if (this.#found !== undefined && this.#asked === runs && this.#askedAt === this.#version) return this.#found;
    this.#asked = runs;
    this.#askedAt = this.#version;
    return (this.#found = this.#walk(runs));
  }

  #walk(runs: readonly BlockRun[]): Found {
    let at = this.#root;
    let [part, cached, used] = [0, 0, 0];
    for (const run of runs) {
      for (let done = 0; done < run.blocks; done += part) {
        const child = at.children?.get(keyAt(run, done, this.#blockTokens));
        if (child === undefined) return { node: at, part, cached, used };
        part = Math.min(child.blocks, run.blocks - done);
        cached += part;
        if (child.users > 0) used += part;
        at = child;
        if (part < child.blocks) return { node: at, part, cached, used };
      }
    }
    return { node: at, part, cached, used };
  }

  /** Cuts a node behind its first blocks; returns those. What holds the node still holds all of it. */
  #split(rest: Node, blocks: number): Node {
    const { parent } = rest;
    const first = node(rest.key, blocks, parent, rest.users);
    parent?.children?.set(first.key, first);
    rest.key = keyAt(rest, blocks, this.#blockTokens);
    rest.blocks -= blocks;
    rest.parent = first;
    first.children = new Map([[rest.key, rest]]);
    if (rest.users === 0) this.#queue.insertAfter(rest, first); // it goes after what follows it
    return first;
  }
}

function node(key: BlockRun["key"], blocks: number, parent: Node | undefined, users: number): Node {
  return { kind: "node", key, blocks, parent, children: undefined, users, older: undefined, younger: undefined };
}

/** Key of a run's blocks from one of them on. */
function keyAt({ key }: BlockRun, block: number, blockTokens: number): BlockRun["key"] {
  return typeof key === "number" ? key + block * blockTokens : key;
}

function holds({ node: last }: Hold, wanted: Node): boolean {
  for (let up: Node | undefined = last; up !== undefined; up = up.parent) if (up === wanted) return true;
  return false;
}
