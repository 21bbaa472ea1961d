import { expect, test } from "vitest";
import { eventQueue } from "./event-queue.js";
import { stream } from "./rng.js";

test.each([1, 2, 3, 4])("events come in the order of time, rank and insertion, seed %i", (seed) => {
  const random = stream(seed, "test");
  const draw = (n: number): number => Math.floor(random() * n);
  const queue = eventQueue<number>();
  const waiting: { readonly time: number; readonly rank: number; readonly event: number }[] = [];
  for (let event = 0; event < 3000; event++) {
    // Few times and ranks, so that ties are many; the queue grows first and is empty now and then later.
    for (let i = draw(event < 1000 ? 3 : 2); i > 0; i--) {
      const [time, rank] = [draw(20) / 4, draw(4)];
      queue.push(time, rank, event);
      waiting.push({ time, rank, event });
    }
    const first = waiting.toSorted((a, b) => a.time - b.time || a.rank - b.rank)[0]; // stable: ties by insertion
    expect(queue.nextTime).toBe(first?.time ?? Infinity);
    if (draw(3) === 0 && event < 1000) continue;
    const popped = queue.pop();
    expect(popped === undefined ? undefined : [popped.time, popped.event]).toEqual(
      first === undefined ? undefined : [first.time, first.event],
    );
    if (first !== undefined) waiting.splice(waiting.indexOf(first), 1);
  }
});

test("a time that is none is refused", () => {
  for (const time of [NaN, -1, Infinity]) expect(() => eventQueue().push(time, 0, 0)).toThrow(/event at time/);
});
