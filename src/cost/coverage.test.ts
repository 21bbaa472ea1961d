import { expect, test } from "vitest";
import { resolveProfile } from "../cli/resolve.js";
import type { HardwareProfile, OperatorFit } from "../hardware/profile.js";
import type { ModelShape } from "../model/model-shape.js";
import { MODELS } from "../model/shapes.js";
import { extrapolations, type Demand } from "./coverage.js";

const fit = (operator: string, ranges: OperatorFit["ranges"]): OperatorFit => ({
  operator,
  samples: 100,
  heldOut: 50,
  mapePercent: 5,
  biasPercent: 0,
  p90Percent: 9,
  classes: [],
  ranges,
});

/** A device on which just what Llama 3.1 8B asks for on one GPU was measured: products up to 28,672 × 14,336. */
const H100 = resolveProfile("h100-sxm");
const PROFILE: HardwareProfile = {
  ...H100,
  fits: [
    fit("gemm bf16", { m: [1, 8192], n: [32, 28_672], k: [32, 14_336] }),
    fit("decode-attention bf16 head 128", {
      sequences: [1, 256],
      context: [1, 131_072],
      queryHeads: [8, 32],
      kvHeads: [1, 8],
    }),
    fit("prefill-attention bf16 head 128", { tokens: [1, 8192], queryHeads: [8, 32], kvHeads: [1, 8] }),
  ],
};

const model = (name: string): ModelShape => MODELS[name] as ModelShape;

const DEMAND: Demand = {
  model: model("llama-3.1-8b"),
  weightFormat: "bf16",
  kvFormat: "bf16",
  tp: 1,
  batchedTokens: 8192,
  sequences: 256,
  contextTokens: 131_072,
};

test("within what was measured, edges included, there is nothing to say", () => {
  expect(extrapolations(PROFILE, DEMAND)).toEqual([]);
  expect(extrapolations(PROFILE, { ...DEMAND, tp: 4, batchedTokens: 1, sequences: 1, contextTokens: 1 })).toEqual([]);
});

test("a profile without measurements says so itself", () => {
  expect(extrapolations({ ...PROFILE, fits: [] }, { ...DEMAND, contextTokens: 10 ** 7 })).toEqual([]);
});

test("one beyond a range is named, with the range", () => {
  expect(extrapolations(PROFILE, { ...DEMAND, batchedTokens: 8193 })).toEqual([
    "gemm bf16: extrapolated from what was measured on h100-sxm, m 8193 beyond 1 to 8192.",
    "prefill-attention bf16 head 128: extrapolated from what was measured on h100-sxm, tokens 8193 beyond 1 to 8192.",
  ]);
  expect(extrapolations(PROFILE, { ...DEMAND, sequences: 257, contextTokens: 131_073 })).toEqual([
    "decode-attention bf16 head 128: extrapolated from what was measured on h100-sxm, sequences 257 beyond 1 to 256, context 131073 beyond 1 to 131072.",
  ]);
});

test("heads and products are those of one GPU", () => {
  // 32 query heads on 8 GPUs are 4 each, fewer than were measured; of 8 KV heads each has one.
  const few = extrapolations(PROFILE, { ...DEMAND, tp: 8 });
  expect(few).toHaveLength(2);
  for (const note of few) expect(note).toMatch(/h100-sxm, queryHeads 4 beyond 8 to 32\.$/);
  // Twice as many of each on two GPUs are as many as before.
  expect(extrapolations(PROFILE, { ...DEMAND, model: model("llama-3.1-70b"), tp: 2 })).toEqual([]);
});

test("formats, head sizes and experts that were not measured are named", () => {
  expect(extrapolations(PROFILE, { ...DEMAND, weightFormat: "fp8", kvFormat: "fp8" })).toEqual([
    "gemm fp8: not measured on h100-sxm; the nearest that was is scaled.",
    "decode-attention fp8 head 128: not measured on h100-sxm; the nearest that was is scaled.",
    "prefill-attention fp8 head 128: not measured on h100-sxm; the nearest that was is scaled.",
  ]);
  expect(extrapolations(PROFILE, { ...DEMAND, model: model("mixtral-8x7b") })).toEqual([
    "moe bf16: not measured on h100-sxm; the nearest that was is scaled.",
  ]);
  const measured = {
    ...PROFILE,
    fits: [
      ...PROFILE.fits,
      fit("moe bf16", { experts: [16, 256], expertsPerToken: [1, 8], expertSize: [512, 14_336] }),
    ],
  };
  expect(extrapolations(measured, { ...DEMAND, model: model("mixtral-8x7b") })).toEqual([
    "moe bf16: extrapolated from what was measured on h100-sxm, experts 8 beyond 16 to 256.",
  ]);
});
