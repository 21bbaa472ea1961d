import { expect, test } from "vitest";
import { resolveProfile } from "../cli/resolve.js";
import type { KvFormat, ModelShape, WeightFormat } from "../model/model-shape.js";
import { MODELS } from "../model/shapes.js";
import { VLLM_0_19, VLLM_0_23, type EngineMemory } from "./engine-memory.js";
import { createPolicy, POLICIES } from "../policy/table.js";
import { kvGroups } from "./kv-groups.js";
import type { MemoryOptions } from "./memory.js";
import type { MemoryLayout } from "./outcome.js";
import { contextTooLong, longest, memoryLayout } from "./required-memory.js";

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
    engine: VLLM_0_19,
    copiesCache: false,
    graphs: 102,
    utilization: 0.95,
    maxTokens: 8192,
    maxSequences: 1024,
    blockTokens: 16,
    groups: [{ layers: model.layers, kind: "policy", window: Infinity }],
    indexShare: 0,
    blocksOverride: undefined,
    policy: createPolicy("dense", POLICIES.dense, {}),
    contextTokens: model.maxPositions,
  };
}

test("parts sum to the GPU's memory, and what is requested holds the pool and all but one block more", () => {
  for (const indexShare of [0, 1 / 16]) {
    for (const tp of [1, 2]) {
      const each = { ...options("qwen3-8b", tp, "bf16", "bf16"), indexShare };
      const layout = memoryLayout(each);
      const { weight_bytes, activation_bytes, non_torch_bytes, kv_cache_bytes } = layout;
      const requested = weight_bytes + activation_bytes + non_torch_bytes + kv_cache_bytes;
      const outside = layout.context_bytes + layout.cuda_graph_bytes;
      expect(requested + outside + layout.free_bytes).toBeCloseTo(layout.gpu_memory_bytes, 0);
      const blockBytes = (16 * layout.kv_bytes_per_token * (1 + indexShare)) / tp;
      expect(kv_cache_bytes).toBe(layout.num_gpu_blocks * blockBytes);
      expect(layout.kv_cache_tokens).toBe(16 * layout.num_gpu_blocks);
      const spare = layout.gpu_memory_bytes * each.utilization - requested;
      expect(spare).toBeGreaterThanOrEqual(0);
      expect(spare).toBeLessThan(blockBytes);
    }
  }
});

test("more utilisation, fewer sequences and tokens an iteration: more cache; fp8 doubles its tokens", () => {
  const tokens = (changes: Partial<MemoryOptions>): number =>
    memoryLayout({ ...options("llama-3.1-8b", 1, "bf16", "bf16"), ...changes }).kv_cache_tokens;
  const base = tokens({});
  expect(tokens({ utilization: 0.96 })).toBeGreaterThan(base);
  expect(tokens({ maxSequences: 512 })).toBeGreaterThan(base);
  expect(tokens({ maxSequences: 128, maxTokens: 2048 })).toBeGreaterThan(tokens({ maxSequences: 128 }));
  expect(Math.abs(tokens({ kvFormat: "fp8" }) - 2 * base)).toBeLessThanOrEqual(16);
  expect(tokens({ weightFormat: "fp8" })).toBeGreaterThan(base);
});

test("two GPUs hold more than twice the tokens of one, each at most half the weights and their copies", () => {
  for (const name of ["llama-3.1-8b", "qwen3-14b", "gemma-3-12b"]) {
    const [one, two] = [1, 2].map((tp) => memoryLayout(options(name, tp, "bf16", "bf16"))) as [
      MemoryLayout,
      MemoryLayout,
    ];
    expect(two.kv_cache_tokens).toBeGreaterThan(2 * one.kv_cache_tokens);
    expect(two.weight_bytes).toBeGreaterThanOrEqual(one.weight_bytes / 2);
    expect(two.weight_bytes).toBeLessThan(one.weight_bytes);
    expect(two.activation_bytes).toBeLessThanOrEqual(one.activation_bytes);
  }
});

test("graphs come out of the cache where the engine counts them, and for its new runner do not", () => {
  const blocks = (name: string, engine: EngineMemory, graphs: number): number =>
    memoryLayout({ ...options(name, 1, "bf16", "bf16"), engine, graphs }).num_gpu_blocks;
  for (const name of ["qwen2.5-7b", "qwen3-8b"]) {
    expect(blocks(name, VLLM_0_19, 102)).toBe(blocks(name, VLLM_0_19, 0));
  }
  expect(blocks("qwen2.5-7b", VLLM_0_23, 102)).toBeLessThan(blocks("qwen2.5-7b", VLLM_0_23, 0));
  expect(blocks("qwen3-8b", VLLM_0_23, 102)).toBe(blocks("qwen3-8b", VLLM_0_23, 0));
});

test("a cache that is copied while it grows leaves room for a layer's keys", () => {
  const plain = options("llama-3.1-8b", 1, "bf16", "bf16");
  const copied = memoryLayout({ ...plain, copiesCache: true });
  const kept = memoryLayout(plain);
  expect(kept.kv_cache_bytes / copied.kv_cache_bytes).toBeCloseTo(1 + 1 / 64, 4);
  expect(copied.activation_bytes - kept.activation_bytes).toBeCloseTo(copied.kv_cache_bytes / 64, -3);
});

// Blocks and tokens of gemma-3-12b, gemma-2-2b and Llama 4 Scout: the groups of the layouts in test/vllm-layouts.ts.
test.each([
  ["llama-3.1-8b", 32, 1],
  ["gemma-2-2b", 13, 2],
  ["gemma-3-12b", 8, 6],
  ["gemma-3-4b", 5, 7],
  ["llama-4-scout", 12, 4],
  ["gpt-oss-20b", 12, 2],
])("a block of %s holds tokens in %i layers, and a stretch of tokens takes %i", (name, layersPerBlock, groups) => {
  expect(kvGroups(MODELS[name] as ModelShape)).toEqual({ layersPerBlock, groups });
});

test("given blocks span all layers where so many fit, else a group's", () => {
  const given = (blocksOverride: number): number =>
    memoryLayout({ ...options("gpt-oss-20b", 1, "mxfp4", "bf16"), blocksOverride }).layers_per_block;
  const own = memoryLayout(options("gpt-oss-20b", 1, "mxfp4", "bf16")).num_gpu_blocks;
  expect(given(own)).toBe(12);
  expect(given(Math.floor(own / 2))).toBe(24);
});

function message(failing: () => unknown): string {
  try {
    failing();
  } catch (error) {
    return String(error);
  }
  return "";
}

test("a model that does not fit: by how many GiB, and what holds how much of the context", () => {
  const alone = options("llama-3.1-70b", 1, "bf16", "bf16");
  // 70.55 billion parameters in 16 bits are 131.4 GiB, and 75.2 of 79.2 GiB may be used.
  const said = message(() => memoryLayout(alone));
  const [, two, fp8] =
    /hardware: llama-3\.1-70b does not fit h100-sxm with --tp 1: 58\.\d GiB are missing on each GPU; would fit: --tp 2 with --max-model-len (\d+), or --tp 4, or --quantization fp8 with --max-model-len (\d+)$/.exec(
      said,
    ) ?? [];
  for (const [tp, format, most] of [
    [2, "bf16", two],
    [1, "fp8", fp8],
    [4, "bf16", alone.contextTokens],
  ] as const) {
    expect(longest(options("llama-3.1-70b", tp, format, "bf16")), said).toBe(Number(most));
  }
  // A context that is not asked for in full is not advised in full.
  const short = message(() => memoryLayout({ ...alone, contextTokens: 8192 }));
  expect(short).toMatch(/would fit: --tp 2, or --quantization fp8$/);
});

test("where no GPUs of the kind do: what the message asks for holds the context, and a GiB less does not", () => {
  const large = options("deepseek-v3", 1, "fp8", "bf16"); // 671 GB, in 8 GPUs of 79.2 GiB
  const [, asked] = /would fit: --tp 8 on GPUs of at least (\d+) GiB$/.exec(message(() => memoryLayout(large))) ?? [];
  const on = (gib: number): number =>
    longest({ ...large, tp: 8, profile: { ...large.profile, memoryBytes: gib * GIB } });
  expect(on(Number(asked))).toBe(large.contextTokens);
  expect(on(Number(asked) - 1)).toBeLessThan(large.contextTokens);
});

test("a context that does not fit although the weights do: how much does, and where all of it would", () => {
  const long = { ...options("llama-3.1-8b", 1, "bf16", "bf16"), contextTokens: 700_000 };
  const problem = (changes: Partial<MemoryOptions>): string => contextTooLong({ ...long, ...changes }, 99, 5).message;
  expect(problem({})).toBe(
    "max-model-len: a sequence of 700000 tokens does not fit the KV pool of 99 blocks; at most 5 tokens fit; would fit: --tp 2, or --kv-cache-dtype fp8",
  );
  expect(longest({ ...long, tp: 2 })).toBe(700_000);
  expect(longest({ ...long, kvFormat: "fp8" })).toBe(700_000);
  expect(longest(long)).toBeLessThan(700_000);
  const [, asked] = /would fit: --tp 8 on GPUs of at least (\d+) GiB$/.exec(problem({ contextTokens: 2e7 })) ?? [];
  const on = (gib: number): number =>
    longest({ ...long, contextTokens: 2e7, tp: 8, profile: { ...long.profile, memoryBytes: gib * GIB } });
  expect([on(Number(asked)) === 2e7, on(Number(asked) - 1) === 2e7]).toEqual([true, false]);
  // Blocks that are given are as many on any GPU: nothing else is advised.
  expect(problem({ blocksOverride: 99 })).toMatch(/^num-gpu-blocks-override: .*at most 5 tokens fit$/);
});

test("a given number of blocks is taken as it is, and what is free then says whether it fits", () => {
  const given = (blocksOverride: number): number =>
    memoryLayout({ ...options("qwen3-8b", 1, "bf16", "bf16"), blocksOverride }).free_bytes;
  expect(given(100)).toBeGreaterThan(50 * GIB);
  expect(given(100_000)).toBeLessThan(0);
});
