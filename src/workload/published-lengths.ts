import type { LengthPoint, LengthTable } from "./length-table.js";

const AIME24 =
  "arXiv 2506.08889 (SeerAttention-R), Qwen3-8B on AIME24, dense 15.1 k tokens; blocks of 64, no dense layers";
const MATH500 =
  "arXiv 2512.12008 (Hold Onto That Thought; minghui-liu/kvpress, plot scripts), R1-Distill-Qwen-7B on MATH-500, mean over budgets 128 to 512";
const SHAREGPT =
  "arXiv 2503.24000 (LLMkvsys/rethink-kv-compression, data files), Llama-3-8B-Instruct on 1,000 ShareGPT prompts, cap 1,024 tokens";

const SMALL_BUDGETS = [128, 256, 384, 512];

function aime24(policy: string, budget: number, meanTokens: number): LengthPoint {
  return { policy, budgets: [budget], denseMeanTokens: 15_100, meanTokens, source: AIME24 };
}

function math500(policy: string, meanTokens: number): LengthPoint {
  return { policy, budgets: SMALL_BUDGETS, denseMeanTokens: 2600, meanTokens, source: MATH500 };
}

function shareGpt(policy: string, budget: number, meanTokens: number): LengthPoint {
  return { policy, budgets: [budget], denseMeanTokens: 412.9, meanTokens, source: SHAREGPT };
}

/**
 * What has been published as numbers, 2k and so on taken as 2,048; RaaS's follow-up (arXiv 2601.03043) has up to +90 % in plots only. Left out: RPC and
 * SCOPE, which have no single token budget, KNorm and quantisation, which are no policies here.
 */
export const PUBLISHED_LENGTHS: LengthTable = {
  title: "published tables",
  points: [
    aime24("quest", 2048, 30_000),
    aime24("quest", 4096, 22_900),
    aime24("quest", 6144, 19_600),
    aime24("quest", 8192, 17_200),
    aime24("seerattention-r", 2048, 19_800),
    aime24("seerattention-r", 4096, 16_300),
    aime24("seerattention-r", 6144, 15_300),
    aime24("seerattention-r", 8192, 15_100),
    math500("h2o", 4600),
    shareGpt("h2o", 256, 444.2),
    shareGpt("h2o", 512, 414.5),
    math500("snapkv-d", 4300),
    math500("streaming-llm", 2600),
    shareGpt("streaming-llm", 256, 426),
  ],
};
