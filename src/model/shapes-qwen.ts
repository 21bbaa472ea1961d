import type { ModelShape } from "./model-shape.js";

/** Qwen2 has biases on q, k and v. Its windows are switched off in every published configuration. */
const QWEN2 = {
  family: "qwen2",
  headDim: 128,
  tiedEmbeddings: false,
  attentionBias: true,
  outputBias: false,
  qkNorm: false,
  weightFormat: "bf16",
} as const;

/** Qwen3 has a norm on each query and key head instead. */
const QWEN3 = {
  family: "qwen3",
  headDim: 128,
  vocabularySize: 151936,
  tiedEmbeddings: false,
  attentionBias: false,
  outputBias: false,
  qkNorm: true,
  maxPositions: 40960,
  weightFormat: "bf16",
  filtersLogits: true,
} as const;

const QWEN2_7B = {
  ...QWEN2,
  layers: 28,
  hiddenSize: 3584,
  intermediateSize: 18944,
  queryHeads: 28,
  kvHeads: 4,
  vocabularySize: 152064,
  attention: [{ layers: 28 }],
} as const;

const QWEN2_SHAPES: readonly ModelShape[] = [
  {
    ...QWEN2_7B,
    name: "qwen2.5-7b",
    filtersLogits: true,
    maxPositions: 32768,
    source: "https://huggingface.co/Qwen/Qwen2.5-7B-Instruct/blob/main/config.json",
  },
  {
    ...QWEN2_7B,
    name: "qwen2.5-math-7b",
    maxPositions: 4096,
    source: "https://huggingface.co/Qwen/Qwen2.5-Math-7B/blob/main/config.json",
  },
  {
    ...QWEN2_7B,
    name: "r1-distill-qwen-7b",
    filtersLogits: true,
    maxPositions: 131072,
    source: "https://huggingface.co/deepseek-ai/DeepSeek-R1-Distill-Qwen-7B/blob/main/config.json",
  },
  {
    ...QWEN2,
    name: "r1-distill-qwen-1.5b",
    filtersLogits: true,
    layers: 28,
    hiddenSize: 1536,
    intermediateSize: 8960,
    queryHeads: 12,
    kvHeads: 2,
    vocabularySize: 151936,
    maxPositions: 131072,
    attention: [{ layers: 28 }],
    source: "https://huggingface.co/deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B/blob/main/config.json",
  },
  {
    ...QWEN2,
    name: "r1-distill-qwen-14b",
    filtersLogits: true,
    layers: 48,
    hiddenSize: 5120,
    intermediateSize: 13824,
    queryHeads: 40,
    kvHeads: 8,
    vocabularySize: 152064,
    maxPositions: 131072,
    attention: [{ layers: 48 }],
    source: "https://huggingface.co/deepseek-ai/DeepSeek-R1-Distill-Qwen-14B/blob/main/config.json",
  },
  {
    ...QWEN2,
    name: "qwen2.5-72b",
    layers: 80,
    hiddenSize: 8192,
    intermediateSize: 29568,
    queryHeads: 64,
    kvHeads: 8,
    vocabularySize: 152064,
    maxPositions: 32768,
    attention: [{ layers: 80 }],
    source: "https://huggingface.co/Qwen/Qwen2.5-72B-Instruct/blob/main/config.json",
  },
];

const QWEN3_SHAPES: readonly ModelShape[] = [
  {
    ...QWEN3,
    name: "qwen3-8b",
    layers: 36,
    hiddenSize: 4096,
    intermediateSize: 12288,
    queryHeads: 32,
    kvHeads: 8,
    attention: [{ layers: 36 }],
    source: "https://huggingface.co/Qwen/Qwen3-8B/blob/main/config.json",
  },
  {
    ...QWEN3,
    name: "qwen3-14b",
    layers: 40,
    hiddenSize: 5120,
    intermediateSize: 17408,
    queryHeads: 40,
    kvHeads: 8,
    attention: [{ layers: 40 }],
    source: "https://huggingface.co/Qwen/Qwen3-14B/blob/main/config.json",
  },
  {
    ...QWEN3,
    name: "qwen3-32b",
    layers: 64,
    hiddenSize: 5120,
    intermediateSize: 25600,
    queryHeads: 64,
    kvHeads: 8,
    attention: [{ layers: 64 }],
    source: "https://huggingface.co/Qwen/Qwen3-32B/blob/main/config.json",
  },
  {
    ...QWEN3,
    name: "qwen3-30b-a3b",
    family: "qwen3_moe",
    layers: 48,
    hiddenSize: 2048,
    intermediateSize: 6144,
    queryHeads: 32,
    kvHeads: 4,
    attention: [{ layers: 48 }],
    experts: {
      experts: 128,
      expertsPerToken: 8,
      expertIntermediateSize: 768,
      sharedIntermediateSize: 0,
      denseLayers: 0,
    },
    source: "https://huggingface.co/Qwen/Qwen3-30B-A3B/blob/main/config.json",
  },
];

export const QWEN_SHAPES: readonly ModelShape[] = [...QWEN2_SHAPES, ...QWEN3_SHAPES];
