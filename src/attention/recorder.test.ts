import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { memorySource } from "../trace/byte-source.js";
import { openTrace } from "../trace/open-trace.js";
import { readHeader } from "../trace/safetensors.js";
import { openRows } from "./open-rows.js";
import { typescriptKernel } from "./typescript-kernel.js";
import { wasmKernel } from "./wasm-kernel.js";

/**
 * Recordings of randomly initialised models, made by src/recorder, and the models' own eager attention beside them
 * (src/recorder/tests/write_fixtures.py). Between both lies the rounding of queries and keys to f16 or bf16.
 */

const fixture = (file: string): ReturnType<typeof memorySource> =>
  memorySource(new Uint8Array(readFileSync(join(import.meta.dirname, "fixtures", file))), file);

/** [steps, queryHeads, totalTokens] of the one recorded layer. */
function eagerRows(name: string, layer: number): Float32Array {
  const source = fixture(`${name}.rows.safetensors`);
  const place = readHeader(source).tensors.get(`layers.${layer}.rows`);
  if (place === undefined) throw new Error(`${name} has no rows of layer ${layer}`);
  return new Float32Array(source.read(place.from, place.to - place.from).buffer);
}

const MODELS = [
  { name: "random-llama", layer: 3, tolerance: 2e-3, facts: { kvHeads: 2, queryHeads: 4, queryStart: 0 } },
  { name: "random-qwen2", layer: 1, tolerance: 1e-2, facts: { kvHeads: 2, queryHeads: 6, queryStart: 8 } },
  {
    name: "random-gemma2",
    layer: 2,
    tolerance: 2e-3,
    facts: { slidingWindow: 12, logitSoftcap: 3, softmaxScale: 5 ** -0.5 },
  },
] as const;

test.each(MODELS)("rows of $name are the model's eager attention", ({ name, layer, tolerance, facts }) => {
  const trace = openTrace(fixture(`${name}.attn.safetensors`));
  const { kvHeads, queryHeads, promptTokens, totalTokens } = trace.metadata;
  expect(trace.metadata).toMatchObject({ ...facts, layers: [layer], synthetic: false, generation: "sampled" });
  expect(trace.tokenIds().length).toBe(totalTokens);
  const expected = eagerRows(name, layer);
  for (const kernel of [typescriptKernel, wasmKernel()]) {
    const wanted = { layer, kvFrom: 0, kvTo: kvHeads, lookback: 1, values: false, promptMass: false };
    const rows = openRows(trace, wanted, kernel);
    let worst = 0;
    for (let position = promptTokens; position < totalTokens; position++) {
      rows.moveTo(position);
      for (let head = 0; head < queryHeads; head++) {
        const weights = rows.weights.subarray(head * rows.stride, head * rows.stride + position + 1);
        const sum = weights.reduce((total, weight) => total + weight, 0);
        const first = ((position - promptTokens) * queryHeads + head) * totalTokens;
        weights.forEach((weight, j) => (worst = Math.max(worst, Math.abs(weight / sum - expected[first + j]!))));
      }
    }
    expect(worst).toBeGreaterThan(0); // rounded: an exact match would mean that nothing was compared
    expect(worst).toBeLessThan(tolerance);
  }
});
