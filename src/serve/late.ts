/**
 * What came when the next iteration was already settled. vLLM's engine loop with a batch queue of two
 * (vllm/v1/engine/core.py, step_with_batch_queue) settles iteration n + 1 when n starts, so that a request which comes
 * during n runs in n + 2.
 */
export class Late<Item> {
  #entries: { readonly item: Item; readonly time: number }[] = [];

  get length(): number {
    return this.#entries.length;
  }

  add(item: Item, time: number): void {
    this.#entries.push({ item, time });
  }

  find(sought: (item: Item) => boolean): Item | undefined {
    return this.#entries.find(({ item }) => sought(item))?.item;
  }

  /** Hands over those that came until then, in order. */
  take(until: number, to: (item: Item) => void): void {
    let taken = 0;
    for (const { item, time } of this.#entries) {
      if (time > until) break;
      to(item);
      taken++;
    }
    if (taken > 0) this.#entries = this.#entries.slice(taken);
  }
}
