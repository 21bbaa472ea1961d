import type { Batch, LayerGroup } from "../cost/cost-model.js";
import type { HardwareProfile } from "../hardware/profile.js";
import type { KvFormat, ModelShape, WeightFormat } from "../model/model-shape.js";

/** Least a step can take: all FLOPs at peak, or all bytes at peak bandwidth. Counted from the shape, apart from src/cost. */

export interface Deployment {
  readonly model: ModelShape;
  readonly profile: HardwareProfile;
  readonly weightFormat: WeightFormat;
  readonly kvFormat: KvFormat;
  readonly tp: number;
}

const BITS = { bf16: 16, fp8: 8, int4: 4, mxfp4: 4 } as const; // without scales

export function lowerBoundSeconds(deployment: Deployment, groups: readonly LayerGroup[], batch: Batch): number {
  const { profile, tp, weightFormat } = deployment;
  const tokens = batch.decodes + batch.chunks.reduce((sum, chunk) => sum + chunk.tokens, 0);
  const emitting = batch.decodes + batch.chunks.filter(({ emits }) => emits).length;
  const weights = layerWeights(deployment.model);
  const peak = weightFormat === "fp8" ? (profile.peakFlops.fp8 ?? profile.peakFlops.bf16) : profile.peakFlops.bf16;
  const head = deployment.model.vocabularySize * deployment.model.hiddenSize;
  const products = 2 * tokens * (weights.dense + weights.expertsOfAToken);
  const compute =
    products / peak + (2 * emitting * head + attentionFlops(deployment.model, groups, batch)) / profile.peakFlops.bf16;
  const bits = BITS[weightFormat];
  const denseBits = weightFormat === "mxfp4" ? 16 : bits; // mxfp4 is for experts only
  const weightBytes =
    (weights.dense * denseBits + weights.expertsOfAToken * bits) / 8 + (emitting === 0 ? 0 : 2 * head);
  const bytes = weightBytes / tp + kvBytes(deployment, groups, batch, tokens);
  return Math.max(compute / tp, bytes / profile.bandwidthBytesPerSecond);
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

/** Scores and weighted sums; a query of a prompt sees itself and what is before it, a window's worth at most. */
function attentionFlops(model: ModelShape, groups: readonly LayerGroup[], batch: Batch): number {
  const { queryHeads, headDim, latent } = model;
  const decode = latent === undefined ? 2 * headDim : 2 * latent.kvRank + latent.ropeDim;
  const prefill = latent === undefined ? 2 * headDim : latent.nopeDim + latent.ropeDim + latent.valueDim;
  let flops = 0;
  groups.forEach(({ layers, window }, g) => {
    flops += 2 * layers * queryHeads * decode * (batch.read[g]?.now ?? NaN);
    for (const { tokens, context } of batch.chunks) {
      let pairs = 0;
      for (let query = 1; query <= tokens; query++) pairs += Math.min(context + query, window);
      flops += 2 * layers * queryHeads * prefill * pairs;
    }
  });
  return flops;
}

/** On one GPU: what attention reads, and each new token written once. Where heads are fewer than GPUs, some have all. */
function kvBytes(
  { model, kvFormat, tp }: Deployment,
  groups: readonly LayerGroup[],
  batch: Batch,
  tokens: number,
): number {
  const { latent, kvHeads, headDim } = model;
  const values = latent === undefined ? (2 * kvHeads * headDim) / tp : latent.kvRank + latent.ropeDim;
  const read = groups.reduce((sum, { layers }, g) => sum + layers * (batch.read[g]?.now ?? NaN), 0);
  return (read + model.layers * tokens) * values * (kvFormat === "fp8" ? 1 : 2);
}
