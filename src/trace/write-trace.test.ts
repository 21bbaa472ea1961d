import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { typescriptKernel } from "../attention/typescript-kernel.js";
import { mergedTrace } from "../attention/merged-trace.js";
import { randomTrace } from "../test/random-trace.js";
import type { AttentionTrace } from "./attention-trace.js";
import { memorySource } from "./byte-source.js";
import { openTrace } from "./open-trace.js";
import { preferring, readRows, traceFile } from "./write-trace.js";
import { tensorsOf } from "./layout.js";
import { readHeader, type Dtype } from "./safetensors.js";

function bytesOf(trace: AttentionTrace, dtype: Dtype): Uint8Array {
  const { size, blocks } = traceFile(trace, preferring(dtype));
  const bytes = Buffer.concat([...blocks]);
  expect(bytes.length).toBe(size);
  return new Uint8Array(bytes);
}

/** Largest difference of a stored value from the given one, by tensor part. */
function differences(stored: AttentionTrace, given: AttentionTrace): Record<string, number> {
  const found: Record<string, number> = {};
  for (const { name, shape } of tensorsOf(given.metadata)) {
    if (name.endsWith("page_bounds") && !given.channels.has("page-bounds")) continue;
    const part = name.split(".").at(-1) as string;
    const [a, b] = [stored, given].map((trace) => readRows(trace, name, 0, shape[0] as number));
    for (let i = 0; i < b!.length; i++) {
      found[part] = Math.max(found[part] ?? 0, Math.abs((a![i] as number) - (b![i] as number)));
    }
  }
  return found;
}

const shapes = fc.record({
  promptTokens: fc.integer({ min: 1, max: 40 }),
  steps: fc.integer({ min: 0, max: 30 }),
  layers: fc.integer({ min: 1, max: 3 }),
  kvHeads: fc.integer({ min: 1, max: 3 }),
  group: fc.integer({ min: 1, max: 3 }),
  headDim: fc.constantFrom(1, 3, 8),
});

describe("what is written is read back", () => {
  test("queries, keys and values of multiples of 1/2 exactly, in either dtype", () => {
    fc.assert(
      fc.property(fc.nat(), shapes, fc.constantFrom<Dtype>("F16", "BF16"), (seed, shape, dtype) => {
        const given = randomTrace(seed, shape);
        const stored = openTrace(memorySource(bytesOf(given, dtype)));
        expect(stored.metadata).toEqual(given.metadata);
        expect(stored.channels).toEqual(given.channels);
        for (const difference of Object.values(differences(stored, given))) expect(difference).toBe(0);
      }),
      { numRuns: 40 },
    );
  });

  test.each([
    ["linear", "F32", 2 ** -24],
    ["linear", "F16", 2 ** -12], // half a unit of the last place below 1
    ["log2-u8", "U8", 2 ** (1 / 32) - 1], // half a step
  ] as const)("scores %s as %s, within half a step", (scoreCoding, dtype, relative) => {
    fc.assert(
      fc.property(fc.nat(), shapes, fc.boolean(), (seed, shape, pageBounds) => {
        const options = { groupReduction: "mean", scoreCoding, pageBounds } as const;
        const given = mergedTrace(randomTrace(seed, shape), options, () => typescriptKernel);
        const stored = openTrace(memorySource(bytesOf(given, dtype)));
        expect(stored.metadata).toEqual(given.metadata);
        expect(stored.channels).toEqual(given.channels);
        const { scores = 0, prompt_mass: mass = 0, token_ids: ids } = differences(stored, given);
        expect(scores).toBeLessThanOrEqual(relative);
        expect(mass).toBeLessThan(1e-5);
        expect(ids).toBe(0);
      }),
      { numRuns: 25 },
    );
  });
});

test("the file is a safetensors file: padded header, tensors without gaps, each aligned to its values", () => {
  const options = { groupReduction: "max", scoreCoding: "log2-u8", pageBounds: true } as const;
  const trace = mergedTrace(randomTrace(3, { promptTokens: 5, steps: 9, layers: 2 }), options, () => typescriptKernel);
  const bytes = bytesOf(trace, "U8");
  const headerLength = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  expect(headerLength % 8).toBe(0);
  const places = [...readHeader(memorySource(bytes)).tensors.values()].sort((a, b) => a.from - b.from);
  expect(places).toHaveLength(7);
  let end = 8 + headerLength;
  for (const { dtype, from, to } of places) {
    expect(from).toBe(end);
    expect(from % { I32: 4, F32: 4, F16: 2, BF16: 2, U8: 1 }[dtype]).toBe(0);
    end = to;
  }
  expect(end).toBe(bytes.length);
});

describe("what no reader would take is not written", () => {
  const given = randomTrace(1, { promptTokens: 4, steps: 3 });
  const spoilt = (part: Partial<AttentionTrace>): AttentionTrace => ({ ...given, ...part });

  test("a key beyond the half floats", () => {
    const large = spoilt({ keys: (layer, from, to) => given.keys(layer, from, to).fill(70_000) });
    expect(() => bytesOf(large, "F16")).toThrow(/cannot be stored as F16: tensor layers.0.k has Infinity in row 0/);
    expect(openTrace(memorySource(bytesOf(large, "BF16"))).keys(0, 0, 1)[0]).toBe(70_144); // nearest bfloat16
  });

  test("NaN", () => {
    const broken = spoilt({ values: (layer, from, to) => given.values(layer, from, to).fill(NaN, 5, 6) });
    expect(() => bytesOf(broken, "F16")).toThrow(/tensor layers.0.v has NaN in row 0, element 5/);
  });

  test("a row so flat that a byte a score loses its mass", () => {
    const tokens = 80_000; // 1 / 80,000 is below the smallest code
    const flat: AttentionTrace = {
      ...given,
      metadata: {
        ...given.metadata,
        kind: "scores",
        groupReduction: "mean",
        scoreCoding: "log2-u8",
        kvHeads: 1,
        queryHeads: 1,
        promptTokens: tokens - 1,
        totalTokens: tokens,
      },
      channels: new Set(["attention", "prompt-mass"]),
      tokenIds: () => new Int32Array(tokens),
      promptMass: () => new Float32Array(tokens - 1),
      scores: () => new Float32Array(tokens).fill(1 / tokens),
    };
    expect(() => bytesOf(flat, "U8")).toThrow(/cannot be stored as U8: .* step 0, KV head 0 sums to 0\.0/);
  });

  test("a dtype that the format has not for it", () => {
    expect(() => traceFile(given, () => "F32")).toThrow(/token_ids: cannot be stored as F32; allowed: I32/);
  });
});

test("rows are asked for once, in order, a bounded number at a time", () => {
  const tokens = 3000;
  const given = randomTrace(1, { promptTokens: 10, steps: 2, headDim: 64 });
  const asked: (readonly [number, number])[] = [];
  const long: AttentionTrace = {
    ...given,
    metadata: { ...given.metadata, promptTokens: 1, totalTokens: tokens },
    tokenIds: () => new Int32Array(tokens),
    keys: (_layer, from, to) => (asked.push([from, to]), new Float32Array((to - from) * 2 * 64)),
    queries: (_layer, from, to) => new Float32Array((to - from) * 4 * 64),
    values: (_layer, from, to) => new Float32Array((to - from) * 2 * 64),
  };
  const { blocks } = traceFile(long, preferring("F16"));
  let largest = 0;
  for (const block of blocks) largest = Math.max(largest, block.length);
  expect(asked.length).toBeGreaterThan(1);
  expect(asked.map(([from]) => from)).toEqual([0, ...asked.slice(0, -1).map(([, to]) => to)]);
  expect(asked.at(-1)?.[1]).toBe(tokens);
  expect(largest).toBeLessThanOrEqual(2 ** 20);
});
