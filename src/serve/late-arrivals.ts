import type { Sequence } from "./sequence.js";
import type { WaitingQueue } from "./waiting-queue.js";

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

  /**
   * Hands over those that came until an iteration was settled, in order. If the engine would have nothing to do with them
   * alone, nothing was settled ahead, and all are handed over.
   */
  take(settled: number, queue: WaitingQueue, idle: boolean): void {
    const first = this.#entries[0];
    if (first === undefined) return;
    const until = idle && queue.length === 0 && first.arrival > settled ? Infinity : settled;
    let taken = 0;
    for (const { sequence, arrival } of this.#entries) {
      if (arrival > until) break;
      queue.insert(sequence);
      taken++;
    }
    if (taken > 0) this.#entries = this.#entries.slice(taken);
  }
}
