import { expect, test } from "vitest";
import { kvBytesPerTokenLayer, parameterCount, weightBytes, weightBytesPerGpu } from "./size.js";
import { MODELS } from "./shapes.js";
import type { ModelShape } from "./model-shape.js";

function model(name: string): ModelShape {
  const shape = MODELS[name];
  if (shape === undefined) throw new Error(`no model ${name}`);
  return shape;
}

// "Safetensors: model size" and model.safetensors.index.json of each model's page; all without the MTP layer.
test.each([
  ["llama-2-7b", 6_738_415_616],
  ["llama-3.1-8b", 8_030_261_248],
  ["llama-3.1-70b", 70_553_706_496],
  ["qwen2.5-7b", 7_615_616_512],
  ["r1-distill-qwen-1.5b", 1_777_088_000],
  ["r1-distill-qwen-14b", 14_770_033_664],
  ["qwen3-8b", 8_190_735_360],
  ["qwen3-14b", 14_768_307_200],
  ["qwen3-32b", 32_762_123_264],
  ["qwen3-30b-a3b", 30_532_122_624],
  ["mistral-7b", 7_241_732_096],
  ["mixtral-8x7b", 46_702_792_704],
  ["mistral-nemo-12b", 12_247_782_400],
  ["yi-34b", 34_388_917_248],
])("%s has %i parameters", (name, total) => {
  expect(parameterCount(model(name)).total).toBe(total);
});

// Figures of the model cards, in billions: total, active.
test.each([
  ["gpt-oss-20b", 20.91, 3.61],
  ["gpt-oss-120b", 116.83, 5.13],
  ["deepseek-v3", 671.03, 37],
  ["qwen3-30b-a3b", 30.5, 3.3],
])("%s: %d B parameters, %d B active", (name, total, active) => {
  const count = parameterCount(model(name));
  expect(Math.abs(count.total / 1e9 / total - 1)).toBeLessThan(0.005);
  // Cards differ in whether the LM head and the table count as active.
  expect(Math.abs(count.active / 1e9 / active - 1)).toBeLessThan(0.1);
});

test.each([
  ["llama-3.1-8b", 131_072],
  ["qwen2.5-math-7b", 57_344],
  ["r1-distill-qwen-1.5b", 28_672],
  ["mistral-7b", 131_072],
  ["qwen3-8b", 147_456],
  ["r1-distill-qwen-14b", 196_608],
  ["deepseek-v3", 61 * 576 * 2],
])("%s keeps %i bytes of KV a token", (name, bytes) => {
  const shape = model(name);
  expect(shape.layers * kvBytesPerTokenLayer(shape, "bf16", 1)).toBe(bytes);
  expect(shape.layers * kvBytesPerTokenLayer(shape, "fp8", 1)).toBe(bytes / 2);
});

test("weights a GPU holds, against layouts that vLLM 0.19 printed (llm-d-planner PR 205), GiB", () => {
  const gib = (name: string, format: "bf16" | "fp8" | "int4", tp: number): number =>
    weightBytesPerGpu(model(name), format, tp) / 2 ** 30;
  expect(Math.abs(gib("llama-3.1-8b", "bf16", 1) / 14.99 - 1)).toBeLessThan(0.01);
  expect(Math.abs(gib("llama-3.1-8b", "fp8", 1) / 8.49 - 1)).toBeLessThan(0.01);
  expect(Math.abs(gib("llama-3.1-8b", "bf16", 2) / 7.51 - 1)).toBeLessThan(0.01);
  expect(Math.abs(gib("qwen2.5-7b", "bf16", 4) / 3.55 - 1)).toBeLessThan(0.01);
  expect(Math.abs(gib("qwen3-8b", "bf16", 1) / 15.27 - 1)).toBeLessThan(0.01);
  expect(Math.abs(gib("mixtral-8x7b", "bf16", 2) / 43.51 - 1)).toBeLessThan(0.01);
  expect(Math.abs(gib("llama-3.1-8b", "int4", 1) / 5.38 - 1)).toBeLessThan(0.02);
});

test("every shape adds up", () => {
  for (const shape of Object.values(MODELS)) {
    expect(shape.attention.reduce((sum, { layers }) => sum + layers, 0)).toBe(shape.layers);
    expect(weightBytesPerGpu(shape, shape.weightFormat, 1)).toBeCloseTo(weightBytes(shape), 0);
    expect(shape.source).toMatch(/^https:/);
  }
});

test("Llama 4 Scout has what its card says, 109 B and 17 B active, but for its vision part of 0.9 B", () => {
  const { total, active } = parameterCount(model("llama-4-scout"));
  expect(Math.abs((total + 0.9e9) / 109e9 - 1)).toBeLessThan(0.005);
  expect(Math.abs((active + 0.9e9) / 17e9 - 1)).toBeLessThan(0.005);
});

test("DeepSeek-V3 in fp8 and gpt-oss-120b in mxfp4 weigh what their checkpoints do", () => {
  expect(weightBytes(model("deepseek-v3")) / 1e9).toBeCloseTo(673, -1);
  expect(weightBytes(model("gpt-oss-120b")) / 2 ** 30).toBeCloseTo(60.8, -0.5);
});
