import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { groupOf, naiveLogits, naiveSoftmax } from "../test/naive-attention.js";
import { randomTrace } from "../test/random-trace.js";
import type { AttentionTrace } from "../trace/attention-trace.js";
import { memorySource } from "../trace/byte-source.js";
import { openTrace } from "../trace/open-trace.js";
import { mergedTrace } from "./merged-trace.js";
import { typescriptKernel } from "./typescript-kernel.js";
import { wasmKernel } from "./wasm-kernel.js";

const P = 21;
const STEPS = 30;
const SHAPE = { promptTokens: P, steps: STEPS, layers: 2, kvHeads: 2, group: 3, headDim: 6 } as const;

/** From the definition: rows of the query heads of a KV head, merged, at one position. */
function mergedRow(trace: AttentionTrace, layer: number, kvHead: number, position: number, max: boolean): number[] {
  const rows = groupOf(trace, kvHead).map((head) => {
    const logits = naiveLogits(trace, layer, head, position);
    return naiveSoftmax(logits, logits.keys());
  });
  const merged = rows[0]!.map((_, j) => {
    const column = rows.map((row) => row[j]!);
    return max ? Math.max(...column) : column.reduce((sum, share) => sum + share, 0) / column.length;
  });
  const sum = merged.reduce((total, share) => total + share, 0);
  return merged.map((share) => share / sum);
}

test.each(["mean", "max"] as const)("rows and column sums by %s equal the definition", (groupReduction) => {
  const trace = randomTrace(11, SHAPE);
  const options = { groupReduction, scoreCoding: "linear", pageBounds: true } as const;
  const merged = mergedTrace(trace, options, () => typescriptKernel);
  expect(merged.metadata).toMatchObject({ kind: "scores", groupReduction, scoreCoding: "linear" });
  expect(merged.metadata.softmaxScale).toBeUndefined();
  for (const layer of [0, 1]) {
    const scores = merged.scores(layer, 0, STEPS);
    const mass = merged.promptMass(layer);
    for (const kvHead of [0, 1]) {
      for (let step = 0; step < STEPS; step++) {
        const expected = mergedRow(trace, layer, kvHead, P + step, groupReduction === "max");
        for (let j = 0; j < P + STEPS; j++) {
          expect(scores[(step * 2 + kvHead) * (P + STEPS) + j]).toBeCloseTo(expected[j] ?? 0, 6);
        }
      }
      const sums = Array.from({ length: P }, () => 0);
      for (let i = 0; i < P; i++) {
        mergedRow(trace, layer, kvHead, i, groupReduction === "max").forEach((share, j) => (sums[j]! += share));
      }
      for (let j = 0; j < P; j++) expect(mass[kvHead * P + j]).toBeCloseTo(sums[j]!, 5);
    }
  }
});

test("page bounds are at least each key's product in the page, and reached by a page of one key", () => {
  const trace = randomTrace(12, SHAPE);
  const options = { groupReduction: "mean", scoreCoding: "linear", pageBounds: true } as const;
  const bounds = mergedTrace(trace, options, () => typescriptKernel).pageBounds(1, 0, STEPS);
  const pages = Math.ceil((P + STEPS) / 16);
  for (let step = 0; step < STEPS; step++) {
    for (const kvHead of [0, 1]) {
      // Without the softmax scale, summed over the group.
      const products = groupOf(trace, kvHead)
        .map((head) => naiveLogits(trace, 1, head, P + step).map((logit) => logit * Math.sqrt(6)))
        .reduce((sum, row) => sum.map((product, j) => product + row[j]!));
      for (let page = 0; page < pages; page++) {
        const bound = bounds[(step * 2 + kvHead) * pages + page]!;
        const inside = products.slice(16 * page, 16 * page + 16);
        if (inside.length === 0) expect(bound).toBe(0);
        else expect(bound).toBeGreaterThanOrEqual(Math.max(...inside) - 1e-4);
        if (inside.length === 1) expect(bound).toBeCloseTo(inside[0]!, 4);
      }
    }
  }
});

test("a block is the same whatever was asked for before", () => {
  const options = { groupReduction: "mean", scoreCoding: "linear", pageBounds: true } as const;
  const make = (): AttentionTrace => mergedTrace(randomTrace(13, SHAPE), options, () => typescriptKernel);
  const used = make();
  used.scores(0, 20, 30);
  used.pageBounds(0, 3, 9);
  used.scores(1, 0, 0);
  used.promptMass(1);
  expect(used.scores(0, 5, 9)).toEqual(make().scores(0, 5, 9));
  expect(used.pageBounds(1, 7, 8)).toEqual(make().pageBounds(1, 7, 8));
  expect(used.promptMass(1)).toEqual(make().promptMass(1));
});

test("what cannot be merged is refused", () => {
  const options = { groupReduction: "mean", scoreCoding: "linear", pageBounds: false } as const;
  const trace = randomTrace(1, SHAPE);
  const merged = mergedTrace(trace, options, () => typescriptKernel);
  expect(() => mergedTrace(merged, options, () => typescriptKernel)).toThrow(/query heads are merged already/);
  const late = { ...trace, metadata: { ...trace.metadata, queryStart: 4 } };
  expect(() => mergedTrace(late, options, () => typescriptKernel)).toThrow(/queries from position 4 on/);
});

/** Recordings beside the repository: the same text as qkv and, by another tool, as scores. */
const RECORDINGS = fileURLToPath(new URL("../../../shared/attention/", import.meta.url));
const recorded = (name: string): AttentionTrace =>
  openTrace(memorySource(new Uint8Array(readFileSync(`${RECORDINGS}baker-greedy-0.2k${name}.attn.safetensors`)), name));

test.skipIf(!existsSync(RECORDINGS))("a real recording merges to what the recorder wrote", () => {
  const options = { groupReduction: "mean", scoreCoding: "linear", pageBounds: true } as const;
  const merged = mergedTrace(recorded(""), options, wasmKernel);
  const linear = recorded("-linear.scores");
  const { softmaxScale: _, queryStart: __, ...metadata } = merged.metadata;
  expect(metadata).toEqual(linear.metadata);
  for (const layer of [14, 23]) {
    close(merged.scores(layer, 0, 116), linear.scores(layer, 0, 116), 5e-4);
    close(merged.promptMass(layer), linear.promptMass(layer), 1e-4);
    close(merged.pageBounds(layer, 0, 116), linear.pageBounds(layer, 0, 116), 1e-2, 2 ** -11);
    const coded = recorded("-log2-u8.scores").scores(layer, 0, 116);
    close(coded, merged.scores(layer, 0, 116), 1.7e-5, 0.0221); // below the smallest code; half a step
  }
});

function close(found: Float32Array, expected: Float32Array, absolute: number, relative = 0): void {
  expect(found.length).toBe(expected.length);
  const wrong = found.findIndex((value, i) => {
    return !(Math.abs(value - expected[i]!) <= Math.max(absolute, relative * Math.abs(expected[i]!)));
  });
  expect(wrong, `${found[wrong]} instead of ${expected[wrong]}`).toBe(-1);
}
