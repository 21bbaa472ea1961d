import type { KvFormat, WeightFormat } from "../model/model-shape.js";

/**
 * Memory layouts that vLLM 0.19.0 printed on H100 of 79.19 GiB, at --gpu-memory-utilization 0.95 and otherwise by default.
 * Source: llm-d-incubation/llm-d-planner, pull request 205 (Apache-2.0), of 30 layouts those of 16-bit activations on one
 * stage: float32 and pipeline parallelism are not simulated. GiB of one GPU.
 */
export interface MeasuredLayout {
  readonly checkpoint: string;
  readonly model: string;
  /** dense: full attention in each layer; windows: some layers forget; latent: multi-head latent attention. */
  readonly kind: "dense" | "experts" | "windows" | "latent";
  readonly tp: number;
  readonly weights: WeightFormat;
  readonly cache: KvFormat;
  readonly maxModelLen: number;
  readonly weightsGib: number;
  readonly activationGib: number;
  readonly nonTorchGib: number;
  readonly graphsGib: number;
  readonly cacheGib: number;
  readonly tokens: number;
  readonly blocks: number;
}

type Row = readonly [...[string, string, MeasuredLayout["kind"], number, WeightFormat, KvFormat], ...number[]];

// prettier-ignore
const ROWS: readonly Row[] = [
  ["codellama/CodeLlama-7b-hf", "codellama-7b", "dense", 1, "bf16", "bf16", 8192, 12.56, 0.77, 0.25, 0.89, 61.66, 126256, 7891],
  ["RedHatAI/Llama-3.3-70B-Instruct-fp8-dynamic", "llama-3.3-70b", "dense", 2, "fp8", "bf16", 8192, 33.88, 1.96, 2.1, 1.79, 37.28, 244304, 15269],
  ["RedHatAI/Qwen2.5-7B-Instruct-fp8-dynamic", "qwen2.5-7b", "dense", 1, "fp8", "bf16", 8192, 8.14, 2.21, 0.24, 0.81, 64.64, 1210304, 75644],
  ["google/gemma-2-2b-it", "gemma-2-2b", "windows", 1, "bf16", "bf16", 8192, 4.9, 3.62, 0.24, 0.71, 66.47, 670160, 83770],
  ["google/gemma-3-12b-it", "gemma-3-12b", "windows", 1, "bf16", "bf16", 8192, 23.31, 3.94, 0.25, 0.94, 47.72, 130304, 48867],
  ["google/gemma-3-4b-it", "gemma-3-4b", "windows", 1, "bf16", "bf16", 8192, 8.58, 3.89, 0.25, 0.67, 62.51, 468144, 204817],
  ["ibm-granite/granite-3.1-2b-instruct", "granite-3.1-2b", "dense", 1, "bf16", "bf16", 8192, 4.74, 0.75, 0.46, 0.84, 69.28, 908048, 56753],
  ["ibm-granite/granite-3.3-8b-instruct", "granite-3.3-8b", "dense", 1, "bf16", "bf16", 8192, 15.25, 0.85, 0.46, 0.98, 58.66, 384432, 24027],
  ["meta-llama/Llama-3.1-8B-Instruct", "llama-3.1-8b", "dense", 1, "bf16", "fp8", 8192, 14.99, 1.89, 0.25, 0.91, 58.11, 952032, 59502],
  ["meta-llama/Llama-3.1-8B-Instruct", "llama-3.1-8b", "dense", 1, "fp8", "bf16", 8192, 8.49, 1.89, 0.25, 0.87, 64.61, 529248, 33078],
  ["meta-llama/Llama-3.1-8B-Instruct", "llama-3.1-8b", "dense", 1, "bf16", "bf16", 4096, 14.99, 1.89, 0.25, 0.91, 58.11, 476016, 29751],
  ["meta-llama/Llama-3.1-8B-Instruct", "llama-3.1-8b", "dense", 2, "bf16", "bf16", 8192, 7.51, 1.89, 2.07, 0.76, 63.76, 1044688, 65293],
  ["meta-llama/Llama-3.1-8B-Instruct", "llama-3.1-8b", "dense", 1, "bf16", "bf16", 16384, 14.99, 1.89, 0.25, 0.91, 58.11, 476016, 29751],
  ["meta-llama/Llama-4-Scout-17B-16E-Instruct", "llama-4-scout", "windows", 4, "bf16", "bf16", 8192, 53.12, 3.19, 2.17, 1.13, 16.75, 365968, 91495],
  ["microsoft/phi-4", "phi-4", "dense", 1, "bf16", "bf16", 8192, 27.39, 1.52, 0.25, 1.07, 46.08, 241568, 15098],
  ["mistralai/Mixtral-8x7B-Instruct-v0.1", "mixtral-8x7b", "experts", 2, "bf16", "bf16", 8192, 43.51, 1.21, 2.07, 0.93, 28.44, 465936, 29121],
  ["moonshotai/Kimi-Dev-72B", "qwen2.5-72b", "dense", 4, "bf16", "bf16", 8192, 34.01, 2.29, 2.21, 1.54, 36.72, 481296, 30081],
  ["moonshotai/Kimi-VL-A3B-Instruct", "kimi-vl-a3b", "latent", 2, "bf16", "bf16", 8192, 15.53, 2.85, 2.07, 1.26, 54.78, 1890896, 118181],
  ["Qwen/Qwen1.5-MoE-A2.7B", "qwen1.5-moe-a2.7b", "experts", 1, "bf16", "bf16", 8192, 26.67, 2.47, 0.25, 1.1, 45.83, 250304, 15644],
  ["Qwen/Qwen2.5-72B-Instruct", "qwen2.5-72b", "dense", 2, "bf16", "bf16", 8192, 67.8, 2.29, 2.09, 1.61, 3.04, 19920, 1245],
  ["Qwen/Qwen2.5-7B-Instruct", "qwen2.5-7b", "dense", 1, "bf16", "bf16", 16384, 14.25, 2.21, 0.24, 0.87, 58.53, 1095968, 68498],
  ["Qwen/Qwen2.5-7B-Instruct", "qwen2.5-7b", "dense", 1, "bf16", "bf16", 2048, 14.25, 2.21, 0.24, 0.87, 58.53, 1096000, 68500],
  ["Qwen/Qwen2.5-7B-Instruct", "qwen2.5-7b", "dense", 1, "bf16", "bf16", 8192, 14.25, 2.21, 0.24, 0.87, 58.53, 1096000, 68500],
  ["Qwen/Qwen2.5-7B-Instruct", "qwen2.5-7b", "dense", 4, "bf16", "bf16", 8192, 3.55, 2.21, 2.13, 0.64, 67.34, 5043280, 315205],
  ["Qwen/Qwen3-8B", "qwen3-8b", "dense", 1, "bf16", "bf16", 8192, 15.27, 2.21, 0.25, 0.96, 57.5, 418688, 26168],
  ["RedHatAI/Meta-Llama-3.1-8B-Instruct-quantized.w4a16", "llama-3.1-8b", "dense", 1, "int4", "bf16", 8192, 5.38, 1.89, 0.25, 0.96, 67.71, 554704, 34669],
  ["RedHatAI/Mistral-Small-3.1-24B-Instruct-2503-quantized.w8a8", "mistral-small-3.1-24b", "dense", 2, "fp8", "bf16", 8192, 12.11, 2.03, 2.07, 1.03, 59.02, 773584, 48349],
  ["RedHatAI/Qwen2.5-7B-Instruct-quantized.w8a8", "qwen2.5-7b", "dense", 1, "fp8", "bf16", 8192, 8.14, 2.21, 0.25, 0.88, 64.64, 1210272, 75642],
];

export const VLLM_LAYOUTS: readonly MeasuredLayout[] = ROWS.map((row) => {
  const [checkpoint, model, kind, tp, weights, cache, ...figures] = row;
  const [maxModelLen, weightsGib, activationGib, nonTorchGib, graphsGib, cacheGib, tokens, blocks] = figures as [
    ...[number, number, number, number, number, number, number, number],
  ];
  return {
    checkpoint,
    model,
    kind,
    tp,
    weights,
    cache,
    maxModelLen,
    weightsGib,
    activationGib,
    nonTorchGib,
    graphsGib,
    cacheGib,
    tokens,
    blocks,
  };
});
