import type { Sequence } from "./sequence.js";

/**
 * Waiting requests by id, or by (priority, id). Ids follow arrival, so this is first come, first served, and a preempted
 * request, admitted before all that wait, returns to the head of its class.
 */
export class WaitingQueue {
  #entries: Sequence[] = [];
  #head = 0;
  readonly #priorities: boolean;

  constructor(priorities: boolean) {
    this.#priorities = priorities;
  }

  get length(): number {
    return this.#entries.length - this.#head;
  }

  at(index: number): Sequence | undefined {
    return this.#entries[this.#head + index];
  }

  insert(sequence: Sequence): void {
    const last = this.#entries.length - 1;
    if (last < this.#head || this.#before((this.#entries[last] as Sequence).spec, sequence.spec)) {
      this.#entries.push(sequence);
    } else if (this.#head > 0 && this.#before(sequence.spec, (this.#entries[this.#head] as Sequence).spec)) {
      this.#entries[--this.#head] = sequence;
    } else {
      this.#entries.splice(this.#place(sequence.spec), 0, sequence);
    }
  }

  /** Takes the first n. */
  remove(n: number): void {
    this.#head += n;
    if (this.#head > 64 && this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
  }

  /** The one with this request, if it waits. */
  find(spec: Sequence["spec"]): Sequence | undefined {
    const found = this.#entries[this.#place(spec)];
    return found?.spec.id === spec.id ? found : undefined;
  }

  /** Takes out one that waits. */
  drop({ spec }: Sequence): void {
    const place = this.#place(spec);
    if (place === this.#head) this.remove(1);
    else this.#entries.splice(place, 1);
  }

  /** Where the first stands that does not come before this request. */
  #place(spec: Sequence["spec"]): number {
    let low = this.#head;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#before((this.#entries[middle] as Sequence).spec, spec)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #before(a: Sequence["spec"], b: Sequence["spec"]): boolean {
    if (this.#priorities && a.priority !== b.priority) return a.priority < b.priority;
    return a.id < b.id;
  }
}
