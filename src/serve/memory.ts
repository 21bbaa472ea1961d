import { InputError } from "../core/check.js";
import type { LayerGroup } from "../cost/cost-model.js";
import type { HardwareProfile } from "../hardware/profile.js";
import type { KvFormat, ModelShape, WeightFormat } from "../model/model-shape.js";
import { kvBytesPerTokenLayer, weightBytesPerGpu } from "../model/size.js";
import type { MemoryLayout } from "./outcome.js";

const GIB = 2 ** 30;

export interface MemoryOptions {
  readonly model: ModelShape;
  readonly profile: HardwareProfile;
  readonly weightFormat: WeightFormat;
  readonly kvFormat: KvFormat;
  readonly tp: number;
  readonly utilization: number;
  readonly maxTokens: number;
  readonly maxSequences: number;
  readonly blockTokens: number;
  readonly groups: readonly LayerGroup[];
  readonly indexShare: number; // bytes of index a byte of KV, on the policy's layers
  readonly blocksOverride: number | undefined;
}

/**
 * Where one GPU's memory goes, and how many KV blocks are left: usable memory × utilisation - weights - activation peak
 * - non-torch. A block that carries an index is larger by it. Throws InputError if the weights do not fit.
 */
export function memoryLayout(options: MemoryOptions): MemoryLayout {
  const { model, profile, tp, blockTokens } = options;
  const weights = weightBytesPerGpu(model, options.weightFormat, tp);
  const activation = activationBytes(model, options.maxTokens, options.maxSequences);
  const nonTorch = (tp === 1 ? 0.25 : 2.1) * GIB; // measured: memory layouts of vLLM 0.19 on H100, llm-d-planner PR 205
  const tokenBytes = kvBytesPerTokenLayer(model, options.kvFormat, tp);
  let blockBytes = 0;
  for (const group of options.groups) {
    blockBytes += group.layers * blockTokens * tokenBytes * (group.kind === "policy" ? 1 + options.indexShare : 1);
  }
  const limit = profile.memoryBytes * options.utilization;
  const pool = limit - weights - activation - nonTorch;
  if (options.blocksOverride === undefined && pool < blockBytes) {
    throw new InputError("hardware", tooSmall(options, weights + activation + nonTorch + blockBytes - limit));
  }
  const blocks = options.blocksOverride ?? Math.floor(pool / blockBytes);
  return {
    gpu_memory_bytes: profile.memoryBytes,
    weight_bytes: weights,
    activation_bytes: activation,
    non_torch_bytes: nonTorch,
    kv_pool_bytes: blocks * blockBytes,
    free_bytes: profile.memoryBytes - weights - activation - nonTorch - blocks * blockBytes,
    kv_blocks: blocks,
    block_tokens: blockTokens,
    kv_bytes_per_token: model.layers * kvBytesPerTokenLayer(model, options.kvFormat, 1),
  };
}

/**
 * Activation peak of vLLM's profiling run: the larger of a full step (hidden states and gated MLP of all budgeted
 * tokens, not split over GPUs) and the sampler's 32-bit copies of all logits. Both forms were read off published memory
 * layouts of vLLM 0.19 on H100 (llm-d-planner PR 205), where they are within 10 % for dense models.
 */
function activationBytes(model: ModelShape, maxTokens: number, maxSequences: number): number {
  const experts = model.experts;
  const intermediate = Math.max(
    model.intermediateSize,
    experts === undefined ? 0 : experts.expertsPerToken * experts.expertIntermediateSize,
  );
  const step = 2 * maxTokens * (4 * model.hiddenSize + 3 * intermediate);
  const sampler = 14.1 * maxSequences * model.vocabularySize + 0.17 * GIB;
  return Math.max(step, sampler);
}

function tooSmall(options: MemoryOptions, missing: number): string {
  const { model, profile, tp, weightFormat } = options;
  const sizes = [2, 4, 8, 16].filter(
    (size) => size > tp && model.queryHeads % size === 0 && size <= profile.gpusPerNode,
  );
  /** Memory a GPU needs for one block, at the utilisation given. */
  const needed = (changes: Partial<MemoryOptions>): number => {
    const layout = memoryLayout({ ...options, ...changes, blocksOverride: 1 });
    return (layout.gpu_memory_bytes - layout.free_bytes) / options.utilization;
  };
  const fits = (changes: Partial<MemoryOptions>): boolean => needed(changes) <= profile.memoryBytes;
  const advice: string[] = [];
  const size = sizes.find((tpSize) => fits({ tp: tpSize }));
  if (size !== undefined) advice.push(`--tp ${size}`);
  const format = (["fp8", "int4"] as const).find(
    (smaller) => smaller !== weightFormat && fits({ weightFormat: smaller }),
  );
  if (format !== undefined && weightFormat === "bf16") advice.push(`--quantization ${format}`);
  if (advice.length === 0) {
    const most = sizes.at(-1) ?? tp;
    advice.push(`--tp ${most} on GPUs of at least ${Math.ceil(needed({ tp: most }) / GIB)} GiB`);
  }
  return `${model.name} does not fit ${profile.name} with --tp ${tp}: ${(missing / GIB).toFixed(1)} GiB are missing on each GPU; would fit: ${advice.join(", or ")}`;
}
