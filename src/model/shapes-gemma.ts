import type { ModelShape } from "./model-shape.js";

/** Gemma 2 and 3: windows between full layers, four norms a layer, one table for embedding and LM head. */
const GEMMA = {
  headDim: 256,
  tiedEmbeddings: true,
  attentionBias: false,
  outputBias: false,
  normsPerLayer: 4,
  weightFormat: "bf16",
} as const;

/** Angles stretched eightfold; images of 896 × 896 in patches of 14 become 256 tokens (SigLIP, 27 layers of 1,152). */
const GEMMA3 = {
  ...GEMMA,
  family: "gemma3_text",
  vocabularySize: 262208,
  qkNorm: true,
  maxPositions: 131072,
  rotaryPositions: 8 * 131072,
  encoder: { parameters: 411_747_840, pixelsPerToken: 9408 },
} as const;

export const GEMMA_SHAPES: readonly ModelShape[] = [
  {
    ...GEMMA,
    name: "gemma-2-2b",
    family: "gemma2",
    layers: 26,
    hiddenSize: 2304,
    intermediateSize: 9216,
    queryHeads: 8,
    kvHeads: 4,
    vocabularySize: 256000,
    qkNorm: false,
    maxPositions: 8192,
    attention: [{ layers: 13, window: 4096 }, { layers: 13 }],
    source: "https://huggingface.co/google/gemma-2-2b-it/blob/main/config.json",
  },
  {
    ...GEMMA3,
    name: "gemma-3-4b",
    layers: 34,
    hiddenSize: 2560,
    intermediateSize: 10240,
    queryHeads: 8,
    kvHeads: 4,
    attention: [{ layers: 29, window: 1024 }, { layers: 5 }],
    source: "https://huggingface.co/google/gemma-3-4b-it/blob/main/config.json",
  },
  {
    ...GEMMA3,
    name: "gemma-3-12b",
    layers: 48,
    hiddenSize: 3840,
    intermediateSize: 15360,
    queryHeads: 16,
    kvHeads: 8,
    attention: [{ layers: 40, window: 1024 }, { layers: 8 }],
    source: "https://huggingface.co/google/gemma-3-12b-it/blob/main/config.json",
  },
];
