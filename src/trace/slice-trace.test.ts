import { expect, test } from "vitest";
import { mergedTrace } from "../attention/merged-trace.js";
import { typescriptKernel } from "../attention/typescript-kernel.js";
import { randomTrace } from "../test/random-trace.js";
import type { AttentionTrace } from "./attention-trace.js";
import { sliceTrace, type TraceSlice } from "./slice-trace.js";

const trace = randomTrace(5, { promptTokens: 20, steps: 40, layers: 3, kvHeads: 2, group: 2 });

function merged(of: AttentionTrace): AttentionTrace {
  const options = { groupReduction: "mean", scoreCoding: "linear", pageBounds: true } as const;
  return mergedTrace(of, options, () => typescriptKernel);
}

test("a slice of queries, keys and values holds the recorded ones", () => {
  const slice = sliceTrace(trace, { layers: [2, 0], steps: [10, 25] });
  expect(slice.metadata).toMatchObject({ layers: [0, 2], promptTokens: 30, totalTokens: 45 });
  expect(slice.metadata.source).toBe("random numbers; decode steps 10:25 of it");
  expect(slice.tokenIds()).toHaveLength(45);
  expect(slice.keys(2, 3, 45)).toEqual(trace.keys(2, 3, 45));
  expect(slice.queries(0, 30, 31)).toEqual(trace.queries(0, 30, 31));
});

test.each<TraceSlice>([{ steps: [0, 40] }, { steps: [0, 13] }, { steps: [7, 40] }, { layers: [1], steps: [12, 29] }])(
  "to slice %o and to merge query heads can be done in either order",
  (part) => {
    const first = merged(sliceTrace(trace, part));
    const last = sliceTrace(merged(trace), part);
    const { promptTokens, totalTokens, layers } = first.metadata;
    const steps = totalTokens - promptTokens;
    expect(last.metadata).toEqual(first.metadata);
    for (const layer of layers) {
      expect(last.scores(layer, 0, steps)).toEqual(first.scores(layer, 0, steps));
      expect(last.pageBounds(layer, 2, steps)).toEqual(first.pageBounds(layer, 2, steps));
      const mass = last.promptMass(layer);
      first.promptMass(layer).forEach((sum, i) => expect(mass[i]).toBeCloseTo(sum, 5));
    }
  },
);

test("what was not recorded is refused by name", () => {
  expect(() => sliceTrace(trace, { layers: [1, 3] })).toThrow("layers: 3 is not recorded; the trace has 0, 1, 2");
  expect(() => sliceTrace(trace, { steps: [5, 41] })).toThrow("steps: 5:41 is not a range within 0:40");
  expect(() => sliceTrace(trace, { steps: [5, 5] })).toThrow("steps: 5:5 is not a range within 0:40");
  expect(() => sliceTrace(trace, { steps: [-1, 5] })).toThrow("steps: -1:5 is not a range");
});
