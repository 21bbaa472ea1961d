import { describe, expect, it } from "vitest";
import { MODELS } from "./shapes.js";
import type { ModelShape } from "./model-shape.js";
import { kvBytesPerTokenLayer, parameterCount, weightBytes, weightBytesPerGpu } from "./size.js";

const GIB = 2 ** 30;

function model(name: string): ModelShape {
  const shape = MODELS[name];
  if (shape === undefined) throw new Error(`no model ${name}`);
  return shape;
}

describe("built-in models", () => {
  // As the index of each published checkpoint counts them.
  it.each([
    ["r1-distill-llama-8b", 8_030_261_248],
    ["qwen2.5-math-7b", 7_615_616_512],
    ["r1-distill-qwen-7b", 7_615_616_512],
    ["deepseek-v3", 671_026_419_200],
    ["deepseek-r1", 671_026_419_200],
  ])("of name %s have the published %i parameters", (name, total) => {
    expect(parameterCount(model(name)).total).toBe(total);
  });

  // gpt-oss's card counts no embedding as active; DeepSeek-V3's README_WEIGHTS gives 36.6 with the output head.
  it.each([
    ["gpt-oss-20b", 3.61e9],
    ["gpt-oss-120b", 5.13e9],
    ["deepseek-v3", 36.6e9],
  ])("of name %s have the published %d active parameters", (name, active) => {
    expect(Math.abs(parameterCount(model(name)).active / active - 1)).toBeLessThan(0.005);
  });

  // GiB that vLLM 0.19.0 reports on H100: llm-d-incubation/llm-d-planner, pull request 205.
  it.each([
    ["llama-2-7b", "bf16", 1, 12.56],
    ["llama-3.1-70b", "fp8", 2, 33.88],
    ["qwen2.5-7b", "bf16", 1, 14.25],
    ["qwen2.5-7b", "fp8", 1, 8.14],
  ] as const)("%s in %s over %i GPUs take the %d GiB that vLLM measured", (name, format, tp, measured) => {
    expect(Math.abs(weightBytesPerGpu(model(name), format, tp) / GIB / measured - 1)).toBeLessThan(0.01);
  });

  it("are keyed by their own lower-case name", () => {
    expect(Object.keys(MODELS).length).toBeGreaterThan(20);
    for (const [name, shape] of Object.entries(MODELS)) {
      expect(shape.name).toBe(name);
      expect(name).toBe(name.toLowerCase());
      expect(shape.queryHeads % shape.kvHeads, name).toBe(0);
      expect(shape.source).toMatch(/^https:\/\/huggingface\.co\/.*config\.json$/);
    }
  });

  it("shrink with more GPUs, but not below their share", () => {
    for (const shape of Object.values(MODELS)) {
      let before = weightBytes(shape);
      for (const tp of [2, 4, 8]) {
        const part = weightBytesPerGpu(shape, shape.weightFormat, tp);
        expect(part, shape.name).toBeLessThan(before);
        expect(part, shape.name).toBeGreaterThanOrEqual(weightBytes(shape) / tp);
        before = part;
      }
    }
  });

  it("split KV over GPUs by whole heads, and a latent not at all", () => {
    expect(kvBytesPerTokenLayer(model("llama-3.1-8b"), "bf16", 4)).toBe(4096 / 4);
    expect(kvBytesPerTokenLayer(model("llama-3.1-8b"), "bf16", 16)).toBe(4096 / 8);
    expect(kvBytesPerTokenLayer(model("deepseek-r1"), "bf16", 8)).toBe(1152);
  });
});
