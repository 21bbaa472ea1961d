import { check } from "./check.js";

/** Smallest (time, rank, insertion) first; rank orders kinds of event at one time, insertion breaks the last tie. */
export interface EventQueue<E> {
  push(time: number, rank: number, event: E): void;
  pop(): { readonly time: number; readonly event: E } | undefined;
  readonly nextTime: number; // of the next event; Infinity if there is none
}

export function eventQueue<E>(): EventQueue<E> {
  return new Heap<E>();
}

/** What an event is ordered by, in a row of `keys`. */
const TIME = 0;
const RANK = 1;
const ORDER = 2;
const WIDTH = 3;

/** A binary heap whose keys are rows of doubles: to compare them reads no objects, and to push makes none. */
class Heap<E> implements EventQueue<E> {
  #keys = new Float64Array(64 * WIDTH);
  readonly #events: (E | undefined)[] = [];
  #length = 0;
  #inserted = 0;

  get nextTime(): number {
    return this.#length === 0 ? Infinity : (this.#keys[TIME] as number);
  }

  push(time: number, rank: number, event: E): void {
    check(time >= 0 && time < Infinity, () => `event at time ${time}`); // a NaN would disorder the heap silently
    if ((this.#length + 1) * WIDTH > this.#keys.length) this.#grow();
    let at = this.#length++;
    const order = this.#inserted++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#after(parent, time, rank, order)) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#put(at, time, rank, order, event);
  }

  pop(): { readonly time: number; readonly event: E } | undefined {
    if (this.#length === 0) return undefined;
    const keys = this.#keys;
    const popped = { time: keys[TIME] as number, event: this.#events[0] as E };
    const last = --this.#length;
    const time = keys[last * WIDTH + TIME] as number;
    const rank = keys[last * WIDTH + RANK] as number;
    const order = keys[last * WIDTH + ORDER] as number;
    const event = this.#events[last];
    this.#events[last] = undefined;
    if (last > 0) this.#sink(time, rank, order, event);
    return popped;
  }

  /** Puts an event where it belongs, from the top down. */
  #sink(time: number, rank: number, order: number, event: E | undefined): void {
    const keys = this.#keys;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.#length) break;
      const right = (child + 1) * WIDTH;
      if (
        child + 1 < this.#length &&
        this.#after(child, keys[right + TIME] as number, keys[right + RANK] as number, keys[right + ORDER] as number)
      )
        child++;
      if (this.#after(child, time, rank, order)) break;
      this.#move(child, at);
      at = child;
    }
    this.#put(at, time, rank, order, event);
  }

  /** Whether the event in a row comes after these keys. */
  #after(row: number, time: number, rank: number, order: number): boolean {
    const at = row * WIDTH;
    const own = this.#keys[at + TIME] as number;
    if (own !== time) return own > time;
    const ownRank = this.#keys[at + RANK] as number;
    return ownRank !== rank ? ownRank > rank : (this.#keys[at + ORDER] as number) > order;
  }

  #move(from: number, to: number): void {
    const at = from * WIDTH;
    const keys = this.#keys;
    this.#put(to, keys[at + TIME] as number, keys[at + RANK] as number, keys[at + ORDER] as number, this.#events[from]);
  }

  #put(row: number, time: number, rank: number, order: number, event: E | undefined): void {
    const at = row * WIDTH;
    this.#keys[at + TIME] = time;
    this.#keys[at + RANK] = rank;
    this.#keys[at + ORDER] = order;
    this.#events[row] = event;
  }

  #grow(): void {
    const grown = new Float64Array(2 * this.#keys.length);
    grown.set(this.#keys);
    this.#keys = grown;
  }
}
