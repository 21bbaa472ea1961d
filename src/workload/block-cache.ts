import { RecencyList, type Ranked } from "../core/recency-list.js";

/** Which blocks a cache holds; blocks are numbers from 0. */
export interface BlockCache {
  has(block: number): boolean;
  /** Takes a block in, or notes that it was used. */
  use(block: number): void;
}

/** Forgets nothing. */
export class UnlimitedBlocks implements BlockCache {
  readonly #seen: Uint8Array;

  constructor(distinct: number) {
    this.#seen = new Uint8Array(distinct);
  }

  has(block: number): boolean {
    return this.#seen[block] === 1;
  }

  use(block: number): void {
    this.#seen[block] = 1;
  }
}

interface Entry extends Ranked {
  readonly block: number;
}

/** Forgets the least recently used block whenever it would hold more than `capacity`. */
export class RecentBlocks implements BlockCache {
  readonly #capacity: number;
  readonly #known = new Map<number, Entry>();
  readonly #order = new RecencyList<Entry>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  has(block: number): boolean {
    return this.#known.has(block);
  }

  use(block: number): void {
    let entry = this.#known.get(block);
    if (entry === undefined) this.#known.set(block, (entry = { block, older: undefined, younger: undefined }));
    else this.#order.remove(entry);
    this.#order.append(entry);
    const { oldest } = this.#order;
    if (this.#known.size <= this.#capacity || oldest === undefined) return;
    this.#order.remove(oldest);
    this.#known.delete(oldest.block);
  }
}
