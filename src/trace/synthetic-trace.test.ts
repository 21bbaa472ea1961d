import { describe, expect, test } from "vitest";
import type { TraceShape } from "../attention/trace-shape.js";
import { traceShape } from "../attention/trace-shape.js";
import { wasmKernel } from "../attention/wasm-kernel.js";
import { memorySource } from "./byte-source.js";
import { openTrace } from "./open-trace.js";
import { dealKinds, KIND_SHARES } from "./synthetic-plan.js";
import { SYNTHETIC_SHAPE } from "./synthetic-shape.js";
import { syntheticTrace } from "./synthetic-trace.js";
import { preferring, traceFile } from "./write-trace.js";

const SEED = 20_250_214;
const SHAPE = { ...SYNTHETIC_SHAPE, steps: 1024 };

function shapeOf(seed: number, shape = SHAPE): TraceShape {
  const bytes = Buffer.concat([...traceFile(syntheticTrace(seed, shape), preferring("F16")).blocks]);
  const measuring = traceShape(openTrace(memorySource(new Uint8Array(bytes))), wasmKernel); // half floats, as on disk
  for (;;) {
    const next = measuring.next();
    if (next.done === true) return next.value;
  }
}

describe(`the statistics it is made for, by the measures of any trace (seed ${SEED})`, () => {
  const shape = shapeOf(SEED);

  test("every head is of the kind it was made as, in the shares that RaaS counted", () => {
    expect(shape.heads.map(({ kind }) => kind)).toEqual(dealKinds(SEED, 64));
    for (const kind of ["milestone", "phoenix", "lazy"] as const) {
      expect(Math.abs(shape.kinds[kind] - KIND_SHARES[kind])).toBeLessThan(1 / 64); // one head of 64
    }
    expect(shape.heads.filter(({ kind }) => kind === "phoenix")).toHaveLength(1);
  });

  test("lazy heads look at sinks and the recent window, others where they were made to", () => {
    for (const { kind, shares, fadedShare } of shape.heads) {
      if (kind === "lazy") {
        expect(shares.sinks).toBeCloseTo(0.45, 1);
        expect(shares.sinks + shares.recent).toBeGreaterThan(0.97);
      } else if (kind === "milestone") {
        expect(shares.milestone).toBeGreaterThan(0.15);
        expect(fadedShare).toBeGreaterThan(0.6); // the rest are of the last rows
      } else expect(shares.phoenix).toBeGreaterThan(0.05);
    }
  });

  test("phoenix tokens are of the prompt, and of phoenix heads", () => {
    for (const { kind, phoenixTokens } of shape.heads) {
      const [, at128] = phoenixTokens;
      expect(at128).toEqual({ budget: 128, all: kind === "phoenix" ? 6 : 0, prompt: kind === "phoenix" ? 6 : 0 });
    }
  });

  test("more than 95 % of tokens recur, 80 % of them within 175 rows at the longest, a fifth later", () => {
    expect(shape.allRecurrence.recurring).toBeGreaterThan(0.95);
    expect(shape.allRecurrence.longestGap.p80).toBeLessThanOrEqual(175);
    expect(shape.allRecurrence.longestGap.p80).toBeGreaterThan(60);
    expect(shape.allRecurrence.longestGap.p95).toBeGreaterThan(175);
  });
});

test("shares are rounded to whole heads, and heads shuffled", () => {
  const kinds = dealKinds(1, 784); // Qwen2.5-Math-7B has as many
  const count = (kind: string): number => kinds.filter((each) => each === kind).length;
  expect([count("milestone"), count("phoenix"), count("lazy")]).toEqual([190, 12, 582]);
  expect(dealKinds(2, 784)).not.toEqual(kinds);
  expect(dealKinds(1, 1)).toEqual(["lazy"]);
});

test("the same seed gives the same trace, whatever was asked for before; another seed another", () => {
  const [a, b, c] = [1, 1, 2].map((seed) => syntheticTrace(seed, SHAPE));
  a!.queries(3, 0, 40);
  for (const part of ["queries", "keys", "values"] as const) {
    expect(a![part](3, 500, 510)).toEqual(b![part](3, 500, 510));
    expect(a![part](3, 505, 506)).toEqual(
      b![part](3, 500, 510).slice(a![part](3, 0, 5).length, a![part](3, 0, 6).length),
    );
    expect(a![part](3, 500, 501)).not.toEqual(c![part](3, 500, 501));
    expect(a![part](3, 500, 501)).not.toEqual(a![part](4, 500, 501));
  }
});

test("it says that it is synthetic", () => {
  const { synthetic, source, model } = syntheticTrace(5, SHAPE).metadata;
  expect({ synthetic, model }).toEqual({ synthetic: true, model: "made up by raas-sim" });
  expect(source).toMatch(/^synthetic: .* seed 5; no text, no model$/);
});

test("long traces stay finite", () => {
  const long = syntheticTrace(1, { ...SHAPE, steps: 60_000, layers: 1 });
  expect(long.queries(0, 60_100, 60_128).every(Number.isFinite)).toBe(true);
});

test("shapes that do not work out are refused", () => {
  expect(() => syntheticTrace(1, { ...SHAPE, headDim: 28 })).toThrow("headDim: 28 is too small");
  expect(() => syntheticTrace(1, { ...SHAPE, promptTokens: 4 })).toThrow("promptTokens: 4 is too small");
  expect(() => syntheticTrace(1, { ...SHAPE, steps: 0 })).toThrow("steps: 0 is too few");
  expect(() => syntheticTrace(1, { ...SHAPE, kvHeads: 3 })).toThrow("queryHeads: 8 is not a multiple of 3 KV heads");
  expect(syntheticTrace(1, { ...SHAPE, headDim: 29, promptTokens: 5, steps: 1 }).keys(0, 0, 6)).toHaveLength(6 * 58);
});
