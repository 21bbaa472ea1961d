import { InputError } from "../core/check.js";
import type { LayerGroup } from "../cost/cost-model.js";
import type { HardwareProfile } from "../hardware/profile.js";
import type { KvFormat, ModelShape, WeightFormat } from "../model/model-shape.js";
import type { Policy } from "../policy/policy.js";
import { graphSizes, type EngineScenario } from "./engine-defaults.js";
import { ENGINE_PRESETS, type EnginePreset } from "./engine-presets.js";
import { layerGroups } from "./layer-groups.js";
import type { MemoryOptions } from "./memory.js";

const FORMATS = { none: "bf16", fp8: "fp8", int4: "int4" } as const;

/** What runs where, without what is sent to it. */
export interface Placed {
  readonly model: ModelShape;
  readonly profile: HardwareProfile;
  readonly policy: Policy;
}

export interface Formats {
  readonly weightFormat: WeightFormat;
  readonly kvFormat: KvFormat;
  readonly groups: readonly LayerGroup[];
}

/** Throws InputError that names the option if a model cannot be split so, or iterations cannot hold their sequences. */
export function checkSplit(options: EngineScenario, { model, profile }: Placed): void {
  const { tp } = options;
  if (model.queryHeads % tp !== 0) {
    throw new InputError("tp", `${tp} does not divide the ${model.queryHeads} query heads of ${model.name}`);
  }
  if (tp > profile.gpusPerNode) {
    throw new InputError(
      "tp",
      `${tp} is more than the ${profile.gpusPerNode} GPUs that one node of ${profile.name} connects`,
    );
  }
  if (options["max-num-batched-tokens"] < options["max-num-seqs"]) {
    throw new InputError(
      "max-num-batched-tokens",
      `${options["max-num-batched-tokens"]} is less than --max-num-seqs ${options["max-num-seqs"]}; each running sequence needs one token an iteration`,
    );
  }
}

/** In what an engine keeps weights and cache, and its layers by how they attend. */
export function formats(options: EngineScenario, { model, policy }: Placed): Formats {
  return {
    weightFormat: options.quantization === "auto" ? model.weightFormat : FORMATS[options.quantization],
    kvFormat: options["kv-cache-dtype"] === "fp8" ? "fp8" : "bf16",
    groups: layerGroups(model, policy, options["max-model-len"]),
  };
}

/** What decides how an engine lays out memory. */
export function memoryOptions(options: EngineScenario, placed: Placed): MemoryOptions {
  const { model, profile, policy } = placed;
  const preset: EnginePreset = ENGINE_PRESETS[options.engine];
  const sizes = graphSizes(options);
  const maxSequences = options["max-num-seqs"];
  return {
    ...formats(options, placed),
    model,
    profile,
    policy,
    contextTokens: options["max-model-len"] ?? model.maxPositions,
    engine: preset.memory,
    copiesCache: preset.copiesCache,
    tp: options.tp,
    utilization: options["gpu-memory-utilization"],
    maxTokens: options["max-num-batched-tokens"],
    maxSequences,
    // Of steps with prompts, in pieces around attention, and of whole decode steps.
    graphs: sizes.length + sizes.filter((size) => size <= maxSequences).length,
    blockTokens: options["block-size"],
    indexShare: policy.indexPageTokens === 0 ? 0 : policy.work.representativeShare / policy.indexPageTokens,
    blocksOverride: options["num-gpu-blocks-override"],
  };
}
