/** Stands in a RecencyList, in one at a time. */
export interface Ranked {
  older: Ranked | undefined;
  younger: Ranked | undefined;
}

/** A doubly linked list from the oldest entry to the youngest: the order in which a cache gives up what nobody uses. */
export class RecencyList<T extends Ranked> {
  #oldest: Ranked | undefined;
  #youngest: Ranked | undefined;

  get oldest(): T | undefined {
    return this.#oldest as T | undefined;
  }

  get youngest(): T | undefined {
    return this.#youngest as T | undefined;
  }

  /** Adds as the youngest. */
  append(entry: T): void {
    this.insertAfter(this.#youngest as T | undefined, entry);
  }

  /** Adds as next younger than `older`; as the oldest of all if that is undefined. */
  insertAfter(older: T | undefined, entry: T): void {
    const younger = older === undefined ? this.#oldest : older.younger;
    entry.older = older;
    entry.younger = younger;
    if (older === undefined) this.#oldest = entry;
    else older.younger = entry;
    if (younger === undefined) this.#youngest = entry;
    else younger.older = entry;
  }

  remove(entry: T): void {
    const { older, younger } = entry;
    if (older === undefined) this.#oldest = younger;
    else older.younger = younger;
    if (younger === undefined) this.#youngest = older;
    else younger.older = older;
    entry.older = undefined;
    entry.younger = undefined;
  }
}
