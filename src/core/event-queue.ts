import FastPriorityQueue from "fast-priority-queue";
import { check } from "./check.js";

/** Smallest (time, rank, insertion) first; rank orders kinds of event at one time, insertion breaks the last tie. */
export interface EventQueue<E> {
  push(time: number, rank: number, event: E): void;
  pop(): { readonly time: number; readonly event: E } | undefined;
  readonly nextTime: number; // of the next event; Infinity if there is none
}

interface Entry<E> {
  readonly time: number;
  readonly rank: number;
  readonly order: number;
  readonly event: E;
}

export function eventQueue<E>(): EventQueue<E> {
  const heap = new FastPriorityQueue<Entry<E>>((a, b) =>
    a.time !== b.time ? a.time < b.time : a.rank !== b.rank ? a.rank < b.rank : a.order < b.order,
  );
  let inserted = 0;
  let nextTime = Infinity; // asked for more often than it changes
  return {
    push(time, rank, event) {
      if (!(time >= 0 && time < Infinity)) check(false, `event at time ${time}`); // a NaN would disorder the heap silently
      heap.add({ time, rank, order: inserted++, event });
      if (time < nextTime) nextTime = time;
    },
    pop() {
      const first = heap.poll();
      nextTime = heap.peek()?.time ?? Infinity;
      return first;
    },
    get nextTime() {
      return nextTime;
    },
  };
}
