import { expect, test } from "vitest";
import { resolveProfile } from "../cli/resolve.js";
import type { KvFormat, WeightFormat } from "../model/model-shape.js";
import { MODELS } from "../model/shapes.js";
import { memoryLayout, type MemoryOptions } from "./memory.js";

const GIB = 2 ** 30;

/** vLLM 0.19 on H100 SXM at utilisation 0.95, with up to 1,024 sequences and 8,192 tokens an iteration. */
function options(name: string, tp: number, weightFormat: WeightFormat, kvFormat: KvFormat): MemoryOptions {
  const model = MODELS[name];
  if (model === undefined) throw new Error(`no model ${name}`);
  return {
    model,
    profile: resolveProfile("h100-sxm"),
    weightFormat,
    kvFormat,
    tp,
    utilization: 0.95,
    maxTokens: 8192,
    maxSequences: 1024,
    blockTokens: 16,
    groups: [{ layers: model.layers, kind: "policy", window: Infinity }],
    indexShare: 0,
    blocksOverride: undefined,
  };
}

/** Tokens of the KV cache and GiB of weights as vLLM printed them: llm-d-incubation/llm-d-planner, pull request 205. */
test.each([
  ["llama-2-7b", 1, "bf16", "bf16", 126_256, 12.56], // published for CodeLlama-7b, the same shape but for 16 words
  ["llama-3.1-8b", 1, "bf16", "bf16", 476_016, 14.99],
  ["llama-3.1-8b", 1, "bf16", "fp8", 952_032, 14.99],
  ["llama-3.1-8b", 1, "fp8", "bf16", 529_248, 8.49],
  ["llama-3.1-8b", 1, "int4", "bf16", 554_704, 5.38],
  ["llama-3.1-8b", 2, "bf16", "bf16", 1_044_688, 7.51],
  ["llama-3.1-70b", 2, "fp8", "bf16", 244_304, 33.88],
  ["qwen2.5-7b", 1, "bf16", "bf16", 1_096_000, 14.25],
  ["qwen2.5-7b", 1, "fp8", "bf16", 1_210_304, 8.14],
  ["qwen2.5-7b", 4, "bf16", "bf16", 5_043_280, 3.55],
  ["qwen3-8b", 1, "bf16", "bf16", 418_688, 15.27],
] as const)(
  "KV pool of %s, tp %i, weights %s, cache %s: %i tokens, weights of %d GiB",
  (name, tp, weights, cache, tokens, gib) => {
    const layout = memoryLayout(options(name, tp, weights, cache));
    // Errors when written: 0.31 % for the 70B model, whose logits are larger than computed; at most 0.08 % elsewhere.
    expect(Math.abs((16 * layout.kv_blocks) / tokens - 1)).toBeLessThan(0.0035);
    expect(Math.abs(layout.weight_bytes / GIB / gib - 1)).toBeLessThan(0.01);
  },
);

test("KV pool of a mixture of experts is 1.3 % low: its activations are over-estimated", () => {
  const { kv_blocks } = memoryLayout(options("mixtral-8x7b", 2, "bf16", "bf16"));
  expect((16 * kv_blocks) / 465_936 - 1).toBeCloseTo(-0.0129, 4);
});

test("a GPU's memory is what its parts sum to, and the pool stays within the utilisation", () => {
  for (const indexShare of [0, 1 / 16]) {
    const each = { ...options("qwen3-8b", 1, "bf16", "bf16"), indexShare };
    const layout = memoryLayout(each);
    const { weight_bytes, activation_bytes, non_torch_bytes, kv_pool_bytes, free_bytes } = layout;
    const used = weight_bytes + activation_bytes + non_torch_bytes + kv_pool_bytes;
    expect(used + free_bytes).toBeCloseTo(layout.gpu_memory_bytes, 0);
    const blockBytes = 16 * layout.kv_bytes_per_token * (1 + indexShare);
    expect(kv_pool_bytes).toBe(layout.kv_blocks * blockBytes);
    const spare = layout.gpu_memory_bytes * each.utilization - used;
    expect(spare).toBeGreaterThanOrEqual(0);
    expect(spare).toBeLessThan(blockBytes);
  }
});

function message(failing: () => unknown): string {
  try {
    failing();
  } catch (error) {
    return String(error);
  }
  return "";
}

test("a model that does not fit: by how many GiB, and what would fit", () => {
  const failed = (): unknown => memoryLayout(options("llama-3.1-70b", 1, "bf16", "bf16"));
  // 70.55 billion parameters in 16 bits are 131.4 GiB, and 75.2 of 79.2 GiB may be used.
  expect(failed).toThrow(
    /^hardware: llama-3\.1-70b does not fit h100-sxm with --tp 1: 58\.\d GiB are missing on each GPU; would fit: --tp 2, or --quantization fp8$/,
  );
  for (const [tp, format] of [
    [2, "bf16"],
    [1, "fp8"],
  ] as const) {
    expect(memoryLayout(options("llama-3.1-70b", tp, format, "bf16")).kv_blocks).toBeGreaterThan(0);
  }
  // 671 GB in 8 GPUs of 79.2 GiB do not fit; what the message asks for does, and a GiB less does not.
  const large = options("deepseek-v3", 1, "fp8", "bf16");
  expect(() => memoryLayout(large)).toThrow(/would fit: --tp 8 on GPUs of at least \d+ GiB$/);
  const [, asked] = /at least (\d+) GiB/.exec(message(() => memoryLayout(large))) ?? [];
  const on = (gib: number): unknown =>
    memoryLayout({ ...large, tp: 8, profile: { ...large.profile, memoryBytes: gib * GIB } });
  expect(() => on(Number(asked))).not.toThrow();
  expect(() => on(Number(asked) - 1)).toThrow("does not fit");
});

test("a given number of blocks is taken as it is, and what is free then says whether it fits", () => {
  const given = (blocksOverride: number): number =>
    memoryLayout({ ...options("qwen3-8b", 1, "bf16", "bf16"), blocksOverride }).free_bytes;
  expect(given(100)).toBeGreaterThan(50 * GIB);
  expect(given(100_000)).toBeLessThan(0);
});
