import type { Sequence } from "./sequence.js";

/**
 * Requests that came when the next iteration was already settled. vLLM's engine loop with a batch queue of two
 * (vllm/v1/engine/core.py, step_with_batch_queue) settles iteration n + 1 when n starts, so that a request which comes
 * during n runs in n + 2.
 */
export class LateArrivals {
  #entries: { readonly sequence: Sequence; readonly arrival: number }[] = [];

  get length(): number {
    return this.#entries.length;
  }

  add(sequence: Sequence, arrival: number): void {
    this.#entries.push({ sequence, arrival });
  }

  /** Hands over those that came until then, in order. */
  take(until: number, to: (sequence: Sequence) => void): void {
    let taken = 0;
    for (const { sequence, arrival } of this.#entries) {
      if (arrival > until) break;
      to(sequence);
      taken++;
    }
    if (taken > 0) this.#entries = this.#entries.slice(taken);
  }
}
