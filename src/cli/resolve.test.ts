import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MODELS } from "../model/shapes.js";
import { resolveModel } from "./resolve.js";

let folder = "";
const at = (name: string): string => join(folder, name);
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "raas-sim-model-"))));
afterAll(() => rmSync(folder, { recursive: true }));

const CONFIG = {
  model_type: "llama",
  num_hidden_layers: 2,
  hidden_size: 64,
  intermediate_size: 128,
  num_attention_heads: 4,
  vocab_size: 100,
  max_position_embeddings: 512,
};

test("a model is known by its name, its Hugging Face name in any case, or the path of its configuration", async () => {
  expect(await resolveModel("qwen3-14b")).toBe(MODELS["qwen3-14b"]);
  expect(await resolveModel("Qwen/Qwen3-14B")).toBe(MODELS["qwen3-14b"]);
  await expect(resolveModel("Qwen/Qwen3")).rejects.toThrow("Qwen/Qwen3");
});

test("what a model samples with stands in the file beside its configuration", async () => {
  writeFileSync(at("config.json"), JSON.stringify(CONFIG));
  expect((await resolveModel(at("config.json"))).filtersLogits).toBeUndefined();
  for (const [given, filtersLogits, penalisesRepetition] of [
    [{ temperature: 0.6 }, false, false],
    [{ top_p: 1, top_k: null, repetition_penalty: 1 }, false, false],
    [{ top_p: 0.9 }, true, false],
    [{ top_k: 20, repetition_penalty: 1.05 }, true, true],
  ] as const) {
    writeFileSync(at("generation_config.json"), JSON.stringify(given));
    expect(await resolveModel(at("config.json"))).toMatchObject({ filtersLogits, penalisesRepetition });
  }
  writeFileSync(at("generation_config.json"), JSON.stringify({ top_p: "much" }));
  await expect(resolveModel(at("config.json"))).rejects.toThrow(
    `${at("generation_config.json")} top_p: expected a number`,
  );
});
