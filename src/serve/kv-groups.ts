import type { ModelShape } from "../model/model-shape.js";

/** How an engine cuts a cache whose layers keep different tokens into blocks of one size. */
export interface KvGroups {
  readonly layersPerBlock: number; // layers of which one block holds its tokens
  readonly groups: number; // blocks that one stretch of tokens takes, until windows forget it
}

const ALIKE = 1.5;

/**
 * Layers that keep alike share block tables; groups have as many layers as the rarest kind, or as the most frequent where
 * that is less than half as much again (vLLM 0.19.0, vllm/v1/core/kv_cache_utils.py).
 */
export function kvGroups({ attention }: ModelShape): KvGroups {
  const counts = attention.map(({ layers }) => layers);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const layersPerBlock = most < ALIKE * least ? most : least;
  const groups = counts.reduce((sum, layers) => sum + Math.ceil(layers / layersPerBlock), 0);
  return { layersPerBlock, groups };
}
