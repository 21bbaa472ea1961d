import type { ModelShape, WeightFormat } from "./model-shape.js";
import { weightBytesPerGpu } from "./size.js";

/** Rows of the embedding and the LM head are padded to this many (vLLM 0.19.0, vocab_parallel_embedding.py). */
const VOCABULARY_ROWS = 64;

/**
 * Bytes that an engine loads onto each of `tp` GPUs before it serves: the weights, the padding of the vocabulary, the
 * image encoder (split as well) and, on every GPU, the table of rotary angles in 16 bits, one row a position.
 */
export function loadedBytesPerGpu(model: ModelShape, format: WeightFormat, tp: number): number {
  const { vocabularySize, hiddenSize, tiedEmbeddings, latent, encoder } = model;
  const rows = Math.ceil(vocabularySize / VOCABULARY_ROWS) * VOCABULARY_ROWS - vocabularySize;
  const padding = 2 * rows * hiddenSize * (tiedEmbeddings ? 1 : 2);
  const rotary = 2 * (model.rotaryPositions ?? model.maxPositions) * (latent?.ropeDim ?? model.headDim);
  return weightBytesPerGpu(model, format, tp) + (padding + 2 * (encoder?.parameters ?? 0)) / tp + rotary;
}
