import type { AttentionTrace, TraceMetadata } from "../trace/attention-trace.js";

export interface MadeShape {
  readonly layers: number;
  readonly kvHeads: number;
  readonly queryHeads: number;
  readonly headDim: number;
  readonly promptTokens: number;
  readonly totalTokens: number;
}

/**
 * A made-up qkv recording of any size that takes no memory: each number is computed from its place whenever it is asked
 * for. White noise: what policies keep lies scattered, which is the hardest case for whoever works on ranges.
 */
export function madeTrace(shape: MadeShape, seed = 0): AttentionTrace {
  const { layers, kvHeads, queryHeads, headDim } = shape;
  const metadata: TraceMetadata = {
    ...shape,
    kind: "qkv",
    model: "noise",
    modelType: "noise",
    layersTotal: layers,
    layers: Array.from({ length: layers }, (_, layer) => layer),
    softmaxScale: 1 / Math.sqrt(headDim),
    queryStart: 0,
    generation: "sampled",
    source: "a hash of each place",
    sourceLicense: "CC0-1.0",
    recorder: "raas-sim bench",
    synthetic: true,
  };
  const tensor = (kind: number, width: number) => (layer: number, from: number, to: number) => {
    const out = new Float32Array((to - from) * width);
    const salt = Math.imul(seed * 4096 + layer * 4 + kind, 0x9e3779b1);
    for (let i = 0; i < out.length; i++) out[i] = noise((from * width + i) ^ salt);
    return out;
  };
  const absent = (): never => {
    throw new RangeError("a qkv trace has no scores");
  };
  return {
    metadata,
    channels: new Set(["attention", "prompt-mass", "queries", "keys", "values", "page-bounds"]),
    tokenIds: () => new Int32Array(shape.totalTokens),
    queries: tensor(0, queryHeads * headDim),
    keys: tensor(1, kvHeads * headDim),
    values: tensor(2, kvHeads * headDim),
    scores: absent,
    promptMass: absent,
    pageBounds: absent,
    close: () => undefined,
  };
}

/** The sum of four bytes of a hash (murmur3's last step) as a number of mean 0 and variance 1, roughly normal. */
function noise(place: number): number {
  let hash = Math.imul(place ^ (place >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  hash ^= hash >>> 16;
  const bytes = (hash & 255) + ((hash >>> 8) & 255) + ((hash >>> 16) & 255) + (hash >>> 24);
  return Math.fround((bytes - 510) / 147.8);
}
