import type { ModelShape } from "../model/model-shape.js";

/** One matrix product of a layer on one GPU: (tokens, k) × (k, n), done in `layers` layers. */
export interface Gemm {
  readonly n: number;
  readonly k: number;
  readonly layers: number;
}

/** The dense products of all layers, split over `tp` GPUs as Megatron does (arXiv 1909.08053): columns, then rows. */
export function denseGemms(model: ModelShape, tp: number): readonly Gemm[] {
  return [...attentionGemms(model, tp), ...mlpGemms(model, tp)];
}

function attentionGemms(model: ModelShape, tp: number): readonly Gemm[] {
  const { hiddenSize, layers } = model;
  const heads = model.queryHeads / tp;
  const latent = model.latent;
  if (latent === undefined) {
    const kvHeads = Math.ceil(model.kvHeads / tp); // replicated where there are fewer heads than GPUs
    return [
      { n: (heads + 2 * kvHeads) * model.headDim, k: hiddenSize, layers },
      { n: hiddenSize, k: heads * model.headDim, layers },
    ];
  }
  const queryDim = latent.nopeDim + latent.ropeDim;
  const query: readonly Gemm[] =
    latent.queryRank === 0
      ? [{ n: heads * queryDim, k: hiddenSize, layers }]
      : [
          { n: latent.queryRank, k: hiddenSize, layers },
          { n: heads * queryDim, k: latent.queryRank, layers },
        ];
  return [
    ...query,
    { n: latent.kvRank + latent.ropeDim, k: hiddenSize, layers },
    { n: heads * (latent.nopeDim + latent.valueDim), k: latent.kvRank, layers }, // absorbed into query and output
    { n: hiddenSize, k: heads * latent.valueDim, layers },
  ];
}

function mlpGemms(model: ModelShape, tp: number): readonly Gemm[] {
  const experts = model.experts;
  const dense = mlp(model.hiddenSize, model.intermediateSize / tp, experts?.denseLayers ?? model.layers);
  if (experts === undefined) return dense;
  const sparseLayers = model.layers - experts.denseLayers;
  const router: Gemm = { n: experts.experts, k: model.hiddenSize, layers: sparseLayers };
  const shared = mlp(model.hiddenSize, experts.sharedIntermediateSize / tp, sparseLayers);
  return [...dense, router, ...shared];
}

function mlp(hiddenSize: number, intermediateSize: number, layers: number): readonly Gemm[] {
  if (layers === 0 || intermediateSize === 0) return [];
  return [
    { n: 2 * intermediateSize, k: hiddenSize, layers },
    { n: hiddenSize, k: intermediateSize, layers },
  ];
}
