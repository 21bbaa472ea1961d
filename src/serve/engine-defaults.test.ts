import { expect, test } from "vitest";
import { checkOptions, optionHelp } from "../cli/options.js";
import { resolveProfile } from "../cli/resolve.js";
import { MODELS } from "../model/shapes.js";
import { createPolicy, POLICIES } from "../policy/table.js";
import { chunked } from "./chunked.js";
import { graphSizes, hostParameters, withEngineDefaults, type EngineScenario } from "./engine-defaults.js";
import { ENGINES } from "./engine-presets.js";
import { scenario } from "./scenario.js";

function filled(hardware: string, given: Record<string, unknown> = {}): EngineScenario {
  const options = checkOptions({ model: "m", hardware, ...given }, (key) => key);
  return withEngineDefaults(options, resolveProfile(hardware));
}

test("defaults follow the engine's version and the size of the GPU", () => {
  expect(filled("h100-sxm")).toMatchObject({
    engine: "vllm-0.23",
    "max-num-batched-tokens": 8192,
    "max-num-seqs": 1024,
    "gpu-memory-utilization": 0.92,
    "async-scheduling": true,
    "cuda-graphs": true,
    "enable-prefix-caching": true,
  });
  expect(filled("h100-sxm", { engine: "hf-eager" })).toMatchObject({
    "cuda-graphs": false,
    "enable-prefix-caching": false,
  });
  expect(filled("h100-sxm", { engine: "vllm-0.11" })).toMatchObject({
    "gpu-memory-utilization": 0.9,
    "async-scheduling": false,
  });
  for (const hardware of ["a100-sxm-80gb", "l40s", "rtx-4090"]) {
    expect(filled(hardware)).toMatchObject({ "max-num-batched-tokens": 2048, "max-num-seqs": 256 });
  }
});

test("what is given wins over every engine", () => {
  const given = {
    "max-num-batched-tokens": 3000,
    "max-num-seqs": 17,
    "gpu-memory-utilization": 0.5,
    "async-scheduling": false,
    "cuda-graphs": true,
    "enable-prefix-caching": false,
  };
  for (const engine of ENGINES) expect(filled("h100-sxm", { engine, ...given })).toMatchObject(given);
  // Sequences that were not asked for fit into the tokens that were.
  expect(filled("h100-sxm", { "max-num-batched-tokens": 512 })["max-num-seqs"]).toBe(512);
});

test("graphs are captured for the sizes that vLLM prints", () => {
  const sizes = (given: Record<string, unknown>): readonly number[] => graphSizes(filled("h100-sxm", given));
  expect(sizes({})).toHaveLength(51); // and the largest 512: vLLM 0.19.0, llm-d-planner pull request 205
  expect(sizes({}).at(-1)).toBe(512);
  expect(sizes({ "max-num-seqs": 8 })).toEqual([1, 2, 4, 8, 16]);
  expect(sizes({ "max-num-seqs": 1 })).toEqual([1, 2]);
  expect(sizes({ "cuda-graphs": false })).toEqual([]);
  expect(sizes({ engine: "hf-eager" })).toEqual([]);
});

test("help names the newest engine's defaults", () => {
  expect(optionHelp("gpu-memory-utilization")).toContain("[default: as --engine has it; vllm-0.23: 0.92]");
  expect(optionHelp("max-num-seqs")).toContain("vllm-0.23: 1024, on A100s and below 70 GiB 256]");
  expect(optionHelp("engine")).toContain("[vllm-0.11, vllm-0.15, vllm-0.19, vllm-0.23, hf-eager] [default: vllm-0.23]");
});

test("host work is the engine's but for what is given", () => {
  const engines = hostParameters(filled("h100-sxm"));
  expect(hostParameters(filled("h100-sxm", { "host-step-time": 0.5 }))).toEqual({ ...engines, stepSeconds: 0.5 });
  const given = { "host-step-time": 1, "host-sequence-time": 0, "front-end-time": 2 };
  expect(hostParameters(filled("h100-sxm", given))).toMatchObject({
    stepSeconds: 1,
    sequenceSeconds: 0,
    frontEndSeconds: 2,
  });
});

test("a prompt waits for room for all of it from the version on that has that rule", () => {
  const model = MODELS["qwen3-8b"];
  if (model === undefined) throw new Error("no model");
  const profile = resolveProfile("h100-sxm");
  const policy = createPolicy("dense", POLICIES.dense, {});
  const workload = { name: "none", source: "none", notes: [], requests: () => [] };
  const whole = ENGINES.filter((engine) => {
    const options = checkOptions({ model: model.name, hardware: "h100-sxm", engine }, (key) => key);
    return scenario(options, { model, profile, policy, workload }).engine.scheduler === chunked;
  });
  expect(whole).toEqual(["vllm-0.19", "vllm-0.23", "hf-eager"]);
});
