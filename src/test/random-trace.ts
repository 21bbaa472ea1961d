import { stream } from "../core/rng.js";
import type { AttentionTrace, TraceMetadata } from "../trace/attention-trace.js";

export interface RandomShape {
  readonly promptTokens: number;
  readonly steps: number;
  readonly layers?: number;
  readonly kvHeads?: number;
  readonly group?: number; // query heads per KV head
  readonly headDim?: number;
  /** Values are multiples of 1 / grain: coarse grains make equal scores likely. */
  readonly grain?: number;
}

/** A made-up qkv recording in memory; positions repeat earlier keys now and then, so that exact ties occur. */
export function randomTrace(seed: number, shape: RandomShape): AttentionTrace {
  const { promptTokens, steps, layers = 1, kvHeads = 2, group = 2, headDim = 8, grain = 2 } = shape;
  const totalTokens = promptTokens + steps;
  const metadata: TraceMetadata = {
    kind: "qkv",
    model: "random",
    modelType: "random",
    layersTotal: layers,
    queryHeads: kvHeads * group,
    kvHeads,
    headDim,
    layers: Array.from({ length: layers }, (_, layer) => layer),
    promptTokens,
    totalTokens,
    softmaxScale: 1 / Math.sqrt(headDim),
    queryStart: 0,
    generation: "sampled",
    source: "random numbers",
    sourceLicense: "CC0-1.0",
    recorder: "test",
    synthetic: true,
  };
  const rng = stream(seed, "random trace");
  const draw = (): number => Math.round((rng() + rng() + rng() - 1.5) * 2 * grain) / grain;
  const tensor = (width: number, repeats: number): Float32Array => {
    const values = Float32Array.from({ length: totalTokens * width }, draw);
    for (let position = 1; position < totalTokens; position++) {
      if (rng() >= repeats) continue;
      const earlier = Math.floor(rng() * position);
      values.copyWithin(position * width, earlier * width, (earlier + 1) * width);
    }
    return values;
  };
  const perLayer = metadata.layers.map(() => ({
    q: tensor(kvHeads * group * headDim, 0),
    k: tensor(kvHeads * headDim, 0.2),
    v: tensor(kvHeads * headDim, 0),
  }));
  const rows = (values: Float32Array | undefined, width: number, from: number, to: number): Float32Array => {
    if (values === undefined) throw new RangeError("no such layer");
    return values.slice(from * width, to * width);
  };
  const absent = (): never => {
    throw new RangeError("a qkv trace has no scores");
  };
  return {
    metadata,
    channels: new Set(["attention", "prompt-mass", "queries", "keys", "values", "page-bounds"]),
    tokenIds: () => new Int32Array(totalTokens),
    queries: (layer, from, to) => rows(perLayer[layer]?.q, kvHeads * group * headDim, from, to),
    keys: (layer, from, to) => rows(perLayer[layer]?.k, kvHeads * headDim, from, to),
    values: (layer, from, to) => rows(perLayer[layer]?.v, kvHeads * headDim, from, to),
    scores: absent,
    promptMass: absent,
    pageBounds: absent,
    close: () => undefined,
  };
}
