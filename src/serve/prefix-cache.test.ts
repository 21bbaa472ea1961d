import { expect, test } from "vitest";
import fc from "fast-check";
import { NaivePrefixCache, type NaiveHold } from "../test/naive-prefix-cache.js";
import type { Stretch } from "../workload/text.js";
import { blockRuns } from "./block-runs.js";
import { PrefixCache, type Hold } from "./prefix-cache.js";

const POOL = 24; // blocks

interface Live {
  readonly text: readonly Stretch[]; // prompt and all of the output
  readonly hold: Hold;
  readonly naive: NaiveHold;
  tokens: number; // in blocks
  held: number; // blocks
}

/** Stretches of few texts, from few places: beginnings that agree by whole blocks, by part of one, and not at all. */
const arbitraryText = fc
  .array(
    fc.record({
      text: fc.integer({ min: 0, max: 2 }),
      from: fc.constantFrom(0, 0, 0, 4, 5),
      tokens: fc.oneof(fc.constant(20), fc.integer({ min: 1, max: 22 })),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((all) => all.map(({ text, from, tokens }): Stretch => ({ start: 1000 * text + from, tokens })));

const arbitraryEvent = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("admit" as const), text: arbitraryText }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("grow" as const),
      which: fc.nat(),
      tokens: fc.integer({ min: 1, max: 9 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("leave" as const), which: fc.nat(), again: fc.boolean() }) },
);

test("runs in a tree against single blocks in a map: the same hits, the same blocks free, the same order of taking", () => {
  let hits = 0;
  let partial = 0;
  let copies = 0;
  fc.assert(
    fc.property(
      fc.constantFrom(1, 4, 5),
      fc.array(arbitraryEvent, { minLength: 5, maxLength: 60 }),
      (blockTokens, events) => {
        const cache = new PrefixCache(blockTokens, POOL);
        const naive = new NaivePrefixCache(blockTokens, POOL);
        const live: Live[] = [];
        let output = 1e6;
        const runs = (text: readonly Stretch[], tokens: number): ReturnType<typeof blockRuns> =>
          blockRuns(text, blockTokens, Math.floor(tokens / blockTokens));
        const sync = (): void => cache.settle(naive.free.length);
        const admit = (text: readonly Stretch[], tokens: number, whole: readonly Stretch[]): void => {
          sync();
          const found = cache.match(runs(text, tokens), tokens);
          expect(found).toMatchObject(naive.match(text, tokens));
          const taken = naive.admit(text, tokens);
          if (taken === undefined) return;
          const hold = cache.insert(cache.hold(runs(text, tokens), tokens), runs(text, tokens));
          hits += found.cached;
          copies += hold.copies;
          live.push({ text: whole, hold, naive: taken, tokens, held: Math.ceil(tokens / blockTokens) });
        };
        for (const event of events) {
          if (event.kind === "admit") {
            const tokens = event.text.reduce((sum, stretch) => sum + stretch.tokens, 0);
            admit(event.text, tokens, [...event.text, { start: (output += 1000), tokens: 900 }]);
            continue;
          }
          const one = live[event.which % Math.max(1, live.length)];
          if (one === undefined) continue;
          if (event.kind === "grow") {
            for (let i = 0; i < event.tokens; i++) {
              if (one.held * blockTokens === one.tokens) {
                if (!naive.grow(one.naive)) break;
                one.held++;
              }
              one.tokens++;
            }
            continue;
          }
          live.splice(live.indexOf(one), 1);
          sync();
          const earlier = cache.freed(one.hold, one.held, []);
          expect(cache.release(cache.insert(one.hold, runs(one.text, one.tokens)), one.held)).toBe(earlier);
          naive.publish(one.naive, one.text, one.tokens);
          expect(naive.release(one.naive)).toBe(earlier);
          if (one.tokens % blockTokens !== 0) partial++;
          if (event.again) admit(one.text, one.tokens + 1, one.text);
        }
      },
    ),
    { numRuns: 500, seed: 60 },
  );
  expect(hits).toBeGreaterThan(2000);
  expect(partial).toBeGreaterThan(300);
  expect(copies).toBeGreaterThan(30);
});
