import type { LayerGroup } from "../cost/cost-model.js";
import type { HardwareProfile } from "../hardware/profile.js";
import { loadedBytesPerGpu } from "../model/loaded-size.js";
import type { KvFormat, ModelShape, WeightFormat } from "../model/model-shape.js";
import { kvBytesPerTokenLayer } from "../model/size.js";
import type { Policy } from "../policy/policy.js";
import { activationBytes, profilingRun } from "./activation.js";
import type { EngineMemory } from "./engine-memory.js";
import { kvGroups, type KvGroups } from "./kv-groups.js";
import type { MemoryLayout } from "./outcome.js";

const GIB = 2 ** 30;

export interface MemoryOptions {
  readonly model: ModelShape;
  readonly profile: HardwareProfile;
  readonly engine: EngineMemory;
  readonly copiesCache: boolean; // the keys or values of one layer are there twice while they grow
  readonly weightFormat: WeightFormat;
  readonly kvFormat: KvFormat;
  readonly tp: number;
  readonly utilization: number;
  readonly maxTokens: number;
  readonly maxSequences: number;
  readonly graphs: number; // CUDA graphs that are captured
  readonly blockTokens: number;
  readonly groups: readonly LayerGroup[];
  readonly policy: Policy;
  readonly contextTokens: number; // of the longest sequence that is to fit
  readonly indexShare: number; // bytes of index a byte of KV, on the policy's layers
  readonly blocksOverride: number | undefined;
}

/** A layout, and how many bytes a GPU lacks for its weights and one block; 0: it fits. */
export interface MemoryFit {
  readonly layout: MemoryLayout;
  readonly missingBytes: number;
}

/**
 * Where one GPU's memory goes. KV pool = GPU's memory × utilisation - weights - activation peak - what lies outside the
 * framework; all else that the GPU holds comes out of the rest. A block that carries an index is larger by it.
 */
export function memoryFit(options: MemoryOptions): MemoryFit {
  const { model, profile, engine, tp, blockTokens, weightFormat } = options;
  const run = profilingRun(engine, model, weightFormat);
  const weights = Math.ceil(loadedBytesPerGpu(model, weightFormat, tp));
  const peak = Math.ceil(activationBytes(model, run, options));
  const context = Math.ceil(tp === 1 ? engine.contextAlone : engine.contextGroup);
  const nonTorch = Math.ceil(tp === 1 ? engine.nonTorchAlone : engine.nonTorchGroup + tp * engine.nonTorchPerGpu);
  const graphs = Math.ceil(graphBytes(model, options.graphs));
  const requested = Math.min(profile.memoryBytes * options.utilization, profile.memoryBytes - context);
  const left = requested - weights - peak - nonTorch - (run.countsGraphs ? graphs : 0);
  const copies = options.copiesCache ? 1 / (2 * model.layers) : 0; // bytes a byte of the pool
  const pool = left / (1 + copies);
  const { layersPerBlock, groups } = blockLayers(options, pool);
  const blockBytes = bytesOfBlock(options, layersPerBlock);
  const missingBytes = options.blocksOverride === undefined ? Math.max(0, Math.ceil(blockBytes - pool)) : 0;
  const blocks = options.blocksOverride ?? Math.max(0, Math.floor(pool / blockBytes));
  const cache = blocks * blockBytes;
  const activation = peak + Math.ceil(copies * cache);
  return {
    missingBytes,
    layout: {
      gpu_memory_bytes: profile.memoryBytes,
      context_bytes: context,
      weight_bytes: weights,
      activation_bytes: activation,
      non_torch_bytes: nonTorch,
      cuda_graph_bytes: graphs,
      kv_cache_bytes: cache,
      free_bytes: profile.memoryBytes - context - weights - activation - nonTorch - graphs - cache,
      num_gpu_blocks: blocks,
      kv_cache_tokens: blockTokens * Math.floor(blocks / groups),
      block_tokens: blockTokens,
      block_bytes: blockBytes,
      layers_per_block: layersPerBlock,
      kv_bytes_per_token: model.layers * kvBytesPerTokenLayer(model, options.kvFormat, 1),
    },
  };
}

/**
 * Blocks that are given are taken to span all layers where the GPU has room for so many of them, as they do with vLLM's
 * hybrid cache manager off; else to be those of a group, which is how vLLM counts with it on.
 */
function blockLayers(options: MemoryOptions, pool: number): KvGroups {
  const { model, blocksOverride } = options;
  const whole = { layersPerBlock: model.layers, groups: 1 };
  const fits = blocksOverride !== undefined && blocksOverride * bytesOfBlock(options, model.layers) <= pool;
  return fits ? whole : kvGroups(model);
}

function bytesOfBlock({ model, kvFormat, tp, blockTokens, groups, indexShare }: MemoryOptions, layers: number): number {
  let indexed = 0;
  for (const group of groups) if (group.kind === "policy") indexed += group.layers;
  const tokenBytes = kvBytesPerTokenLayer(model, kvFormat, tp) * (1 + (indexShare * indexed) / model.layers);
  return layers * blockTokens * tokenBytes;
}

/** Each graph holds the launches of its layers: read off the layouts of engine-memory.ts, of 26 to 80 layers, within 25 %. */
const GRAPH_BYTES = 0.28 * GIB;
const GRAPH_BYTES_PER_LAYER = 0.19 * 2 ** 20;

function graphBytes(model: ModelShape, graphs: number): number {
  return graphs === 0 ? 0 : GRAPH_BYTES + graphs * model.layers * GRAPH_BYTES_PER_LAYER;
}
