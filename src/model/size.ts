import type { KvFormat, ModelShape, WeightFormat } from "./model-shape.js";

/**
 * Sizes computed from the architecture. Parameters are counted in six kinds, because quantisation and tensor
 * parallelism treat them differently.
 */
export interface ParameterCount {
  readonly total: number;
  readonly active: number; // that one token passes through, LM head included, embedding table excluded where it is untied
  readonly embedding: number; // embedding and LM head together; one table if tied
  readonly attention: number; // linear layers of attention, biases included
  readonly keyValue: number; // of those, the K and V projections
  readonly mlp: number; // dense and shared-expert MLPs
  readonly experts: number; // routed experts
  readonly router: number;
  readonly norms: number;
}

export function parameterCount(model: ModelShape): ParameterCount {
  const { layers, hiddenSize, experts } = model;
  const embedding = model.vocabularySize * hiddenSize * (model.tiedEmbeddings ? 1 : 2);
  const { attention, keyValue, norms: attentionNorms } = attentionParameters(model);
  const sparseLayers = experts === undefined ? 0 : layers - experts.denseLayers;
  const shared = sparseLayers * 3 * hiddenSize * (experts?.sharedIntermediateSize ?? 0);
  const mlp = (layers - sparseLayers) * 3 * hiddenSize * model.intermediateSize + shared;
  const expert =
    3 * hiddenSize * (experts?.expertIntermediateSize ?? 0) + (experts?.expertBias === true ? expertBiases(model) : 0);
  const routed = sparseLayers * (experts?.experts ?? 0) * expert;
  const routerBias = experts?.routerBias === true ? 1 : 0;
  const router = sparseLayers * (experts?.experts ?? 0) * (hiddenSize + routerBias);
  const norms = layers * ((model.normsPerLayer ?? 2) * hiddenSize + attentionNorms) + hiddenSize;
  const total = embedding + layers * attention + mlp + routed + router + norms;
  const idle = routed - sparseLayers * (experts?.expertsPerToken ?? 0) * expert;
  const table = model.tiedEmbeddings ? 0 : model.vocabularySize * hiddenSize; // looked up, not multiplied
  return {
    total,
    active: total - idle - table,
    embedding,
    attention: layers * attention,
    keyValue: layers * keyValue,
    mlp,
    experts: routed,
    router,
    norms,
  };
}

/** Of one layer. */
function attentionParameters(model: ModelShape): { attention: number; keyValue: number; norms: number } {
  const { hiddenSize, queryHeads, kvHeads, headDim, latent } = model;
  if (latent !== undefined) {
    const queryDim = queryHeads * (latent.nopeDim + latent.ropeDim);
    const query = latent.queryRank === 0 ? hiddenSize * queryDim : latent.queryRank * (hiddenSize + queryDim);
    const down = hiddenSize * (latent.kvRank + latent.ropeDim);
    const up = latent.kvRank * queryHeads * (latent.nopeDim + latent.valueDim);
    const output = queryHeads * latent.valueDim * hiddenSize;
    return { attention: query + down + up + output, keyValue: 0, norms: latent.queryRank + latent.kvRank };
  }
  const bias = model.attentionBias ? 1 : 0;
  const query = queryHeads * headDim * (hiddenSize + bias);
  const keyValue = 2 * kvHeads * headDim * (hiddenSize + bias);
  const output = queryHeads * headDim * hiddenSize + (model.outputBias ? hiddenSize : 0);
  const sinks = model.attentionSinks === true ? queryHeads : 0;
  return { attention: query + keyValue + output + sinks, keyValue, norms: model.qkNorm ? 2 * headDim : 0 };
}

function expertBiases(model: ModelShape): number {
  return 2 * (model.experts?.expertIntermediateSize ?? 0) + model.hiddenSize;
}

/**
 * Bytes a parameter of a linear layer takes, scales included: fp8 with a 32-bit scale for each block of 128 × 128
 * (DeepSeek-V3, arXiv 2412.19437), int4 with a 16-bit scale and a 4-bit zero for each group of 128 (GPTQ, AWQ), mxfp4
 * with an 8-bit scale for each 32 (OCP MX specification 1.0).
 */
export function linearBytesPerParameter(format: WeightFormat): number {
  switch (format) {
    case "bf16":
      return 2;
    case "fp8":
      return 1 + 4 / (128 * 128);
    case "int4":
      return (4 + 16 / 128 + 4 / 128) / 8;
    case "mxfp4":
      return (4 + 8 / 32) / 8;
  }
}

/** Bytes of all weights. mxfp4 covers the routed experts only; embeddings, LM head, norms and router stay in 16 bits. */
export function weightBytes(model: ModelShape, format: WeightFormat = model.weightFormat): number {
  const count = parameterCount(model);
  const dense = linearBytesPerParameter(format === "mxfp4" ? "bf16" : format);
  return (
    2 * (count.embedding + count.norms + count.router) +
    dense * (count.attention + count.mlp) +
    linearBytesPerParameter(format) * count.experts
  );
}

/**
 * Bytes of weights on each of `tp` GPUs: linear layers, embedding and LM head are split, norms and router replicated,
 * and K and V projections replicated where there are more GPUs than KV heads. MLA's down projections are replicated.
 */
export function weightBytesPerGpu(model: ModelShape, format: WeightFormat, tp: number): number {
  const count = parameterCount(model);
  const dense = linearBytesPerParameter(format === "mxfp4" ? "bf16" : format);
  const latent = model.latent;
  const down =
    latent === undefined ? 0 : model.layers * model.hiddenSize * (latent.queryRank + latent.kvRank + latent.ropeDim);
  const keyValueShare = Math.ceil(model.kvHeads / tp) / model.kvHeads;
  const attention = (count.attention - count.keyValue - down) / tp + down + count.keyValue * keyValueShare;
  return (
    2 * (count.embedding / tp + count.norms + count.router) +
    dense * (attention + count.mlp / tp) +
    (linearBytesPerParameter(format) * count.experts) / tp
  );
}

/** Bytes of one token in one layer on each of `tp` GPUs; MLA keeps one latent, replicated. */
export function kvBytesPerTokenLayer(model: ModelShape, format: KvFormat, tp: number): number {
  const bytes = format === "fp8" ? 1 : 2;
  if (model.latent !== undefined) return bytes * (model.latent.kvRank + model.latent.ropeDim);
  return 2 * Math.ceil(model.kvHeads / tp) * model.headDim * bytes;
}
