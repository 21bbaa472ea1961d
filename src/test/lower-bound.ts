import type { Batch, LayerGroup, OPERATORS } from "../cost/cost-model.js";
import type { HardwareProfile } from "../hardware/profile.js";
import type { KvFormat, ModelShape, WeightFormat } from "../model/model-shape.js";

/**
 * Least a step can take: all FLOPs at peak, or all bytes at peak bandwidth; of the whole and of single operators. Counted
 * from the shape, apart from src/cost.
 */

export interface Deployment {
  readonly model: ModelShape;
  readonly profile: HardwareProfile;
  readonly weightFormat: WeightFormat;
  readonly kvFormat: KvFormat;
  readonly tp: number;
}

const BITS = { bf16: 16, fp8: 8, int4: 4, mxfp4: 4 } as const; // without scales

interface Work {
  readonly seconds: number; // of the FLOPs on all GPUs, at one GPU's peak
  readonly bytes: number; // on one GPU
}

export interface LowerBounds {
  readonly operators: Readonly<Partial<Record<(typeof OPERATORS)[number], number>>>;
  readonly total: number;
}

export function lowerBounds(deployment: Deployment, groups: readonly LayerGroup[], batch: Batch): LowerBounds {
  const { model, profile, tp, weightFormat } = deployment;
  const tokens = batch.decodes + batch.chunks.reduce((sum, chunk) => sum + chunk.tokens, 0);
  const emitting = batch.decodes + batch.chunks.filter(({ emits }) => emits).length;
  const weights = layerWeights(model);
  const { bf16 } = profile.peakFlops;
  const peak = weightFormat === "fp8" ? (profile.peakFlops.fp8 ?? bf16) : bf16;
  const denseBits = weightFormat === "mxfp4" ? 16 : BITS[weightFormat]; // mxfp4 is for experts only
  const head = model.vocabularySize * model.hiddenSize;
  const read = groups.reduce((sum, { layers }, g) => sum + layers * (batch.read[g]?.now ?? NaN), 0);
  const work = {
    "linear layers": {
      seconds: (2 * tokens * (weights.dense + weights.expertsOfAToken)) / peak,
      bytes: (weights.dense * denseBits + weights.expertsOfAToken * BITS[weightFormat]) / 8 / tp,
    },
    "LM head and sampling": { seconds: (2 * emitting * head) / bf16, bytes: emitting === 0 ? 0 : (2 * head) / tp },
    "decode attention": { seconds: decodeFlops(model) * (read / bf16), bytes: read * kvBytes(deployment) },
    "prefill attention": { seconds: prefillFlops(model, groups, batch) / bf16, bytes: 0 },
    "element-wise": { seconds: 0, bytes: model.layers * tokens * kvBytes(deployment) }, // each new entry is written
  } as const;
  const least = ({ seconds, bytes }: Work): number => Math.max(seconds / tp, bytes / profile.bandwidthBytesPerSecond);
  const all = Object.values(work).reduce<Work>(
    (sum, each) => ({ seconds: sum.seconds + each.seconds, bytes: sum.bytes + each.bytes }),
    { seconds: 0, bytes: 0 },
  );
  return {
    operators: Object.fromEntries(Object.entries(work).map(([name, each]) => [name, least(each)])),
    total: least(all),
  };
}

/** Weights of all layers that every token meets, and of the experts that one token meets. */
function layerWeights(model: ModelShape): { dense: number; expertsOfAToken: number } {
  const { layers, hiddenSize, intermediateSize, experts } = model;
  const attention = layers * attentionWeights(model);
  if (experts === undefined)
    return { dense: attention + layers * 3 * hiddenSize * intermediateSize, expertsOfAToken: 0 };
  const sparse = layers - experts.denseLayers;
  const shared = sparse * hiddenSize * (3 * experts.sharedIntermediateSize + experts.experts);
  return {
    dense: attention + experts.denseLayers * 3 * hiddenSize * intermediateSize + shared,
    expertsOfAToken: sparse * experts.expertsPerToken * 3 * hiddenSize * experts.expertIntermediateSize,
  };
}

function attentionWeights({ hiddenSize, queryHeads, kvHeads, headDim, latent }: ModelShape): number {
  if (latent === undefined) return hiddenSize * headDim * (2 * queryHeads + 2 * kvHeads);
  const { queryRank, kvRank, ropeDim, nopeDim, valueDim } = latent;
  const query = queryHeads * (nopeDim + ropeDim);
  return (
    (queryRank === 0 ? hiddenSize * query : queryRank * (hiddenSize + query)) +
    hiddenSize * (kvRank + ropeDim) +
    kvRank * queryHeads * (nopeDim + valueDim) +
    queryHeads * valueDim * hiddenSize
  );
}

/** Scores and weighted sums, of one token read in one layer. */
function decodeFlops({ queryHeads, headDim, latent }: ModelShape): number {
  return 2 * queryHeads * (latent === undefined ? 2 * headDim : 2 * latent.kvRank + latent.ropeDim);
}

/** A query of a prompt sees itself and what is before it, a window's worth at most. */
function prefillFlops(
  { queryHeads, headDim, latent }: ModelShape,
  groups: readonly LayerGroup[],
  batch: Batch,
): number {
  const values = latent === undefined ? 2 * headDim : latent.nopeDim + latent.ropeDim + latent.valueDim;
  let pairs = 0;
  for (const { layers, window } of groups) {
    for (const { tokens, context } of batch.chunks) {
      for (let query = 1; query <= tokens; query++) pairs += layers * Math.min(context + query, window);
    }
  }
  return 2 * queryHeads * values * pairs;
}

/** Of one token in one layer on one GPU, if heads could be split at will. */
function kvBytes({ model, kvFormat, tp }: Deployment): number {
  const { latent, kvHeads, headDim } = model;
  const values = latent === undefined ? (2 * kvHeads * headDim) / tp : latent.kvRank + latent.ropeDim;
  return values * (kvFormat === "fp8" ? 1 : 2);
}
