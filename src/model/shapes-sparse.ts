import type { ModelShape } from "./model-shape.js";

/** gpt-oss (arXiv 2508.10925): every second layer sees 128 tokens; sinks; biases everywhere; experts in MXFP4. */
const GPT_OSS = {
  family: "gpt_oss",
  hiddenSize: 2880,
  intermediateSize: 2880,
  queryHeads: 64,
  kvHeads: 8,
  headDim: 64,
  vocabularySize: 201088,
  tiedEmbeddings: false,
  attentionBias: true,
  outputBias: true,
  attentionSinks: true,
  qkNorm: false,
  maxPositions: 131072,
  weightFormat: "mxfp4",
} as const;

const GPT_OSS_EXPERTS = {
  expertsPerToken: 4,
  expertIntermediateSize: 2880,
  sharedIntermediateSize: 0,
  denseLayers: 0,
  routerBias: true,
  expertBias: true,
} as const;

/** DeepSeek-V3 (arXiv 2412.19437), without its layer for multi-token prediction. */
const DEEPSEEK_V3 = {
  family: "deepseek_v3",
  layers: 61,
  hiddenSize: 7168,
  intermediateSize: 18432,
  queryHeads: 128,
  kvHeads: 128,
  headDim: 192,
  vocabularySize: 129280,
  tiedEmbeddings: false,
  attentionBias: false,
  outputBias: false,
  qkNorm: false,
  maxPositions: 163840,
  attention: [{ layers: 61 }],
  weightFormat: "fp8",
  experts: {
    experts: 256,
    expertsPerToken: 8,
    expertIntermediateSize: 2048,
    sharedIntermediateSize: 2048,
    denseLayers: 3,
    routerBias: true,
  },
  latent: { queryRank: 1536, kvRank: 512, ropeDim: 64, nopeDim: 128, valueDim: 128 },
} as const;

export const SPARSE_SHAPES: readonly ModelShape[] = [
  {
    // Three of four layers attend within chunks of 8,192 tokens, here a window of as many.
    name: "llama-4-scout",
    family: "llama4_text",
    layers: 48,
    hiddenSize: 5120,
    intermediateSize: 16384,
    queryHeads: 40,
    kvHeads: 8,
    headDim: 128,
    vocabularySize: 202048,
    tiedEmbeddings: false,
    attentionBias: false,
    outputBias: false,
    qkNorm: false, // its norm on queries and keys has no weights
    maxPositions: 10485760,
    attention: [{ layers: 36, window: 8192 }, { layers: 12 }],
    weightFormat: "bf16",
    experts: {
      experts: 16,
      expertsPerToken: 1,
      expertIntermediateSize: 8192,
      sharedIntermediateSize: 8192,
      denseLayers: 0,
    },
    // Images in patches of 14, four patches a token (34 layers of 1,408).
    encoder: { parameters: 809_673_216, pixelsPerToken: 2352 },
    source: "https://huggingface.co/meta-llama/Llama-4-Scout-17B-16E-Instruct/blob/main/config.json",
  },
  {
    ...GPT_OSS,
    name: "gpt-oss-20b",
    layers: 24,
    attention: [{ layers: 12, window: 128 }, { layers: 12 }],
    experts: { ...GPT_OSS_EXPERTS, experts: 32 },
    source: "https://huggingface.co/openai/gpt-oss-20b/blob/main/config.json",
  },
  {
    ...GPT_OSS,
    name: "gpt-oss-120b",
    layers: 36,
    attention: [{ layers: 18, window: 128 }, { layers: 18 }],
    experts: { ...GPT_OSS_EXPERTS, experts: 128 },
    source: "https://huggingface.co/openai/gpt-oss-120b/blob/main/config.json",
  },
  {
    ...DEEPSEEK_V3,
    name: "deepseek-v3",
    source: "https://huggingface.co/deepseek-ai/DeepSeek-V3/blob/main/config.json",
  },
  {
    ...DEEPSEEK_V3,
    name: "deepseek-r1",
    filtersLogits: true,
    source: "https://huggingface.co/deepseek-ai/DeepSeek-R1/blob/main/config.json",
  },
];
