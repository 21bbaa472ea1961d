import { expect, test } from "vitest";
import { createPolicy, POLICIES } from "../../policy/table.js";
import { randomTrace } from "../random-trace.js";
import { selectionsOf } from "../selections.js";
import { holdAgainst, range } from "./naive-lane.js";

/** Policies that look at no score. */

const SHAPES = [
  { promptTokens: 7, steps: 60 },
  { promptTokens: 41, steps: 30 }, // over budget from the start
];

test.each(SHAPES)("dense keeps and reads everything, prompt $promptTokens", (shape) => {
  holdAgainst(randomTrace(1, shape), { policy: "dense", values: {} }, () => (_, position, held, { read, kept }) => {
    expect(held).toEqual(range(0, position + 1));
    expect(read).toEqual(held);
    expect(kept).toEqual(held);
  });
});

test.each(SHAPES)("sliding window keeps the last w, prompt $promptTokens", (shape) => {
  const given = { policy: "sliding-window", values: { window: 20 } } as const;
  holdAgainst(randomTrace(2, shape), given, () => (_, position, held, { read, kept }) => {
    expect(read).toEqual(held);
    expect(kept).toEqual(range(Math.max(0, position - 19), position + 1));
  });
});

test.each(SHAPES)("StreamingLLM keeps the sinks and the last L - 4, prompt $promptTokens", (shape) => {
  const given = { policy: "streaming-llm", values: { budget: 20, sinks: 4 } } as const;
  holdAgainst(randomTrace(3, shape), given, () => (_, position, held, { read, kept }) => {
    expect(read).toEqual(held);
    const expected = position < 20 ? range(0, position + 1) : [...range(0, 4), ...range(position - 15, position + 1)];
    expect(kept).toEqual(expected);
  });
});

const randomOf = (seed: number, shape = { promptTokens: 30, steps: 50, kvHeads: 1 }) =>
  selectionsOf(randomTrace(1, shape), createPolicy("random", POLICIES.random, { budget: 16 }), seed);

test("random eviction keeps its budget and the newest half", () => {
  const given = { policy: "random", values: { budget: 16 } } as const;
  for (const shape of SHAPES) {
    holdAgainst(randomTrace(4, shape), given, () => (_, position, held, { read, kept }) => {
      expect(read).toEqual(held);
      expect(kept).toHaveLength(Math.min(16, held.length));
      expect(kept.slice(-8)).toEqual(range(position - 7, position + 1).slice(-Math.min(8, kept.length)));
    });
  }
});

test("random eviction is the seed's, and another group's is another", () => {
  expect(randomOf(1)).toEqual(randomOf(1));
  expect(randomOf(1)).not.toEqual(randomOf(2));
  const two = randomOf(1, { promptTokens: 30, steps: 50, kvHeads: 2 });
  expect(two.get("0/0")).not.toEqual(two.get("0/1"));
});

test("random eviction is as likely for each of the older tokens", () => {
  // the first step has 31 tokens and keeps the newest 8 and 8 of the 23 others; each group of heads draws for itself
  const survivals = range(0, 23).map(() => 0);
  const [seeds, kvHeads] = [20, 100];
  for (let seed = 0; seed < seeds; seed++) {
    for (const steps of randomOf(seed, { promptTokens: 30, steps: 1, kvHeads }).values()) {
      for (const position of steps[0]?.kept ?? []) if (position < 23) survivals[position]! += 1;
    }
  }
  const expected = (seeds * kvHeads * 8) / 23;
  const spread = Math.sqrt(expected * (1 - 8 / 23));
  for (const count of survivals) expect(Math.abs(count - expected)).toBeLessThan(4.5 * spread);
});
