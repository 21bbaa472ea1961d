import { expect, test } from "vitest";
import { stream } from "../../core/rng.js";
import type { PromptView, StepView } from "../../policy/lane.js";
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

const randomOf = (seed: number) =>
  selectionsOf(
    randomTrace(1, { promptTokens: 30, steps: 50 }),
    createPolicy("random", POLICIES.random, { budget: 16 }),
    seed,
  );

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
  expect(randomOf(1).get("0/0")).not.toEqual(randomOf(1).get("0/1"));
});

test("random eviction is as likely for each of the older tokens", () => {
  // the first step has 31 tokens and keeps the newest 8 and 8 of the 23 others
  const survivals = range(0, 23).map(() => 0);
  const runs = 3000;
  const { lanes } = createPolicy("random", POLICIES.random, { budget: 16 });
  for (let run = 0; run < runs; run++) {
    const view = { promptTokens: 30, position: 30, step: 0, rng: stream(run, "random") };
    const lane = lanes?.start(view as unknown as PromptView);
    lane?.select(view as unknown as StepView);
    lane?.update(view as unknown as StepView, new Float32Array(0));
    for (const position of lane?.held ?? []) if (position < 23) survivals[position]! += 1;
  }
  const expected = (runs * 8) / 23;
  const spread = Math.sqrt(expected * (1 - 8 / 23));
  for (const count of survivals) expect(Math.abs(count - expected)).toBeLessThan(4.5 * spread);
});
