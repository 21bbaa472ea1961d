import type { ModelShape } from "../model/model-shape.js";

const ACTIVATION_BYTES = 2;
/** In a layer without norms on queries and keys: two norms with their residuals, rotary positions, the KV write, the gated activation. */
const LAYER_LAUNCHES = 5;

/**
 * Kernels outside matrix products and attention in a layer, over those of a layer without norms on queries and keys. These
 * two are compiled into one pass with the rotary positions, so that they move nothing more.
 */
export function elementWiseLaunches({ qkNorm }: ModelShape): number {
  return (LAYER_LAUNCHES + (qkNorm ? 2 : 0)) / LAYER_LAUNCHES;
}

/**
 * Bytes moved outside matrix products and attention, for one token in one layer on one GPU: two norms with their
 * residuals (read, add, write: 4 passes over the hidden state each), rotary positions (read and write q and k), the
 * gated activation (read two, write one), and the KV entry written.
 */
export function elementWiseBytes(model: ModelShape, tp: number, kvBytes: number): number {
  const experts = model.experts;
  const intermediate =
    experts === undefined
      ? model.intermediateSize
      : experts.expertsPerToken * experts.expertIntermediateSize + experts.sharedIntermediateSize;
  const headDim = model.latent === undefined ? model.headDim : model.latent.ropeDim;
  const rotary = 2 * ((model.queryHeads + model.kvHeads) / tp) * headDim;
  return ACTIVATION_BYTES * (8 * model.hiddenSize + rotary + (3 * intermediate) / tp) + kvBytes;
}
