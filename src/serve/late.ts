interface Entry<Item> {
  readonly item: Item;
  readonly time: number;
}

const NONE: readonly never[] = [];

/**
 * What came when the next iteration was already settled. vLLM's engine loop with a batch queue of two
 * (vllm/v1/engine/core.py, step_with_batch_queue) settles iteration n + 1 when n starts, so that a request which comes
 * during n runs in n + 2.
 */
export class Late<Item> {
  readonly #entries: Entry<Item>[] = [];

  get length(): number {
    return this.#entries.length;
  }

  add(item: Item, time: number): void {
    this.#entries.push({ item, time });
  }

  find(sought: (item: Item) => boolean): Item | undefined {
    return this.#entries.find(({ item }) => sought(item))?.item;
  }

  /** Takes out those that came until then, in order. */
  take(until: number): readonly Entry<Item>[] {
    const entries = this.#entries;
    let taken = 0;
    while (taken < entries.length && (entries[taken] as Entry<Item>).time <= until) taken++;
    return taken === 0 ? NONE : entries.splice(0, taken);
  }
}
