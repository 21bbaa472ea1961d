import { randomNormal } from "d3-random";
import { InputError } from "../core/check.js";
import { stream } from "../core/rng.js";
import type { AttentionTrace, TraceMetadata } from "./attention-trace.js";
import { orthogonal, rotate } from "./rotation.js";
import { dealKinds, planEchoes, planMilestones, planPhoenixes, type LayerPlan } from "./synthetic-plan.js";
import type { SyntheticShape } from "./synthetic-shape.js";
import { fillKey, fillQuery, fillValue, LEAST_HEAD_DIM, SINKS } from "./synthetic-vectors.js";

/**
 * A made-up qkv recording whose attention has the shapes that were found in reasoning models: four sinks, recent windows,
 * milestones, phoenix tokens of the prompt, passages that recur. From 1,000 decode steps on its statistics are those of
 * synthetic-trace.test.ts. The same seed and shape give the same trace; nothing larger than what is asked for is held.
 * Throws InputError for a shape that does not work out.
 */
export function syntheticTrace(seed: number, shape: SyntheticShape): AttentionTrace {
  requireShape(shape);
  const { queryHeads, kvHeads } = shape;
  const metadata = metadataOf(seed, shape);
  const { totalTokens, softmaxScale = 1 } = metadata;
  const plans = planLayers(seed, shape);
  const tensors = new TensorMaker(seed, shape);
  const absent = (): never => {
    throw new RangeError("a qkv trace has no scores");
  };
  return {
    metadata,
    channels: new Set(["attention", "prompt-mass", "queries", "keys", "values", "page-bounds"]),
    tokenIds() {
      const rng = stream(seed, "token ids");
      return Int32Array.from({ length: totalTokens }, () => Math.floor(1000 * rng()));
    },
    keys: (layer, from, to) =>
      tensors.make("k", kvHeads, layer, from, to, (key, position, head, normal) => {
        fillKey(key, plans[layer] as LayerPlan, head, position, totalTokens, normal);
      }),
    queries: (layer, from, to) =>
      tensors.make("q", queryHeads, layer, from, to, (query, position, head, normal) => {
        const kvHead = Math.floor((head * kvHeads) / queryHeads);
        fillQuery(query, plans[layer] as LayerPlan, head, kvHead, position, totalTokens, normal);
        for (let c = 0; c < query.length; c++) query[c] = (query[c] as number) / softmaxScale;
      }),
    values: (layer, from, to) =>
      tensors.make("v", kvHeads, layer, from, to, (value, position, _head, normal) => {
        fillValue(value, position, normal);
      }),
    scores: absent,
    promptMass: absent,
    pageBounds: absent,
    close: () => undefined,
  };
}

function metadataOf(seed: number, shape: SyntheticShape): TraceMetadata {
  const { promptTokens, steps, layers, queryHeads, kvHeads, headDim } = shape;
  return {
    kind: "qkv",
    model: "made up by raas-sim",
    modelType: "none",
    layersTotal: layers,
    queryHeads,
    kvHeads,
    headDim,
    layers: Array.from({ length: layers }, (_, layer) => layer),
    promptTokens,
    totalTokens: promptTokens + steps,
    softmaxScale: 1 / Math.sqrt(headDim),
    queryStart: 0,
    generation: "sampled",
    source: `synthetic: attention made up by raas-sim with seed ${seed}; no text, no model`,
    sourceLicense: "CC0-1.0",
    recorder: "raas-sim synthetic generator",
    synthetic: true,
  };
}

type Fill = (vector: Float64Array, position: number, head: number, normal: () => number) => void;

/** Tensors [positions, heads, headDim], each vector filled in and then rotated, in the same way for all of a KV head. */
class TensorMaker {
  private readonly seed: number;
  private readonly shape: SyntheticShape;
  private readonly rotations = new Map<string, Float64Array>();

  constructor(seed: number, shape: SyntheticShape) {
    this.seed = seed;
    this.shape = shape;
  }

  make(name: string, heads: number, layer: number, from: number, to: number, fill: Fill): Float32Array {
    const { headDim, kvHeads } = this.shape;
    const out = new Float32Array((to - from) * heads * headDim);
    const vector = new Float64Array(headDim);
    for (let position = from; position < to; position++) {
      const normal = randomNormal.source(stream(this.seed, `${name}/${layer}/${position}`))(0, 1);
      for (let head = 0; head < heads; head++) {
        vector.fill(0);
        fill(vector, position, head, normal);
        const at = ((position - from) * heads + head) * headDim;
        const rotation = this.rotation(layer, Math.floor((head * kvHeads) / heads));
        rotate(rotation, vector, out.subarray(at, at + headDim));
      }
    }
    return out;
  }

  private rotation(layer: number, kvHead: number): Float64Array {
    const name = `rotation/${layer}/${kvHead}`;
    const known = this.rotations.get(name);
    if (known !== undefined) return known;
    const made = orthogonal(stream(this.seed, name), this.shape.headDim);
    this.rotations.set(name, made);
    return made;
  }
}

function requireShape({ promptTokens, steps, queryHeads, kvHeads, headDim }: SyntheticShape): void {
  const refuse = (path: string, problem: string): never => {
    throw new InputError(path, problem);
  };
  if (headDim < LEAST_HEAD_DIM)
    refuse("headDim", `${headDim} is too small; sinks and roles need ${LEAST_HEAD_DIM} channels`);
  if (promptTokens <= SINKS)
    refuse("promptTokens", `${promptTokens} is too small; the first ${SINKS} tokens are sinks`);
  if (steps < 1) refuse("steps", `${steps} is too few; there must be one`);
  if (queryHeads % kvHeads !== 0) refuse("queryHeads", `${queryHeads} is not a multiple of ${kvHeads} KV heads`);
}

function planLayers(seed: number, shape: SyntheticShape): LayerPlan[] {
  const { promptTokens, steps, layers, queryHeads, kvHeads } = shape;
  const totalTokens = promptTokens + steps;
  const kinds = dealKinds(seed, layers * queryHeads);
  return Array.from({ length: layers }, (_, layer) => {
    const rng = stream(seed, `roles/${layer}`);
    const perKvHead = <T>(plan: () => T): T[] => Array.from({ length: kvHeads }, plan);
    return {
      kinds: kinds.slice(layer * queryHeads, (layer + 1) * queryHeads),
      milestones: perKvHead(() => planMilestones(rng, promptTokens, totalTokens)),
      phoenixes: perKvHead(() => planPhoenixes(rng, SINKS, promptTokens, totalTokens)),
      echoes: planEchoes(rng, promptTokens, totalTokens),
    };
  });
}
