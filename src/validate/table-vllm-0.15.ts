import type { MeasuredCase, Publication } from "./case.js";

/** Thirteen experiments under vLLM 0.15 on H100, each one or two stages of a constant rate; figures of the whole run. */
export const VLLM_015: Publication = {
  title: "Stages of constant rate, H100, vLLM 0.15",
  source:
    "inference-sim/sim-to-real-accuracy-validation and inference-sim/training (no licence: figures quoted); " +
    "the load as in the profile.yaml of run 20260217-155451 and kubernetes-sigs/inference-perf 0949afc",
  notes: [
    "Llama 4 Scout is simulated with all linear layers in fp8; its checkpoint leaves attention in 16 bits.",
    "Only 100 prompts in ten groups, which share their first 100 tokens, sent in a cycle with prefix caching on.",
    "Prompts are random tokens; their nominal lengths are simulated, what they are after decoding and encoding again was not published.",
    "The load generator's constant rate has exponential gaps, scaled so that the stage lasts as long as asked.",
  ],
};

/** Prompt and output tokens of each kind of request. */
const KINDS = {
  "general-lite": { prompt: 547, output: 248 },
  codegen: { prompt: 566, output: 247 },
  roleplay: { prompt: 750, output: 251 },
  "reasoning-lite": { prompt: 1034, output: 1448 },
} as const;

interface Row {
  readonly run: string;
  readonly model: string;
  readonly tp: number;
  readonly kind: keyof typeof KINDS;
  readonly rates: readonly number[]; // requests per second, one a stage
  readonly maxBatchedTokens: number;
  readonly kvBlocks: number;
  readonly ttft: readonly [mean: number, p90: number, p99: number]; // ms
  readonly e2e: readonly [mean: number, p90: number, p99: number]; // ms
  readonly tpot: number; // mean, ms
}

// prettier-ignore
const ROWS: readonly Row[] = [
  { run: "17-llama-4-scout-17b-16e-tp2-general-lite-2-1", model: "llama-4-scout", tp: 2, kind: "general-lite", rates: [2.5, 6],
    maxBatchedTokens: 2048, kvBlocks: 8253,
    ttft: [62.7399, 74.0931, 106.9221], e2e: [5270.0895, 5836.319, 6001.2596], tpot: 21.08239 },
  { run: "20-llama-4-scout-17b-16e-tp2-codegen-2", model: "llama-4-scout", tp: 2, kind: "codegen", rates: [5, 10],
    maxBatchedTokens: 2048, kvBlocks: 8253,
    ttft: [72.8241, 87.1351, 112.6066], e2e: [6238.3076, 6864.2052, 7017.048], tpot: 25.06294 },
  { run: "21-llama-4-scout-17b-16e-tp2-roleplay-2", model: "llama-4-scout", tp: 2, kind: "roleplay", rates: [6],
    maxBatchedTokens: 2048, kvBlocks: 8253,
    ttft: [67.0279, 76.0526, 116.1115], e2e: [5803.8299, 6097.1499, 7365.5733], tpot: 22.94721 },
  { run: "48-llama-4-scout-17b-16e-tp2-reasoning-lite-2-1", model: "llama-4-scout", tp: 2, kind: "reasoning-lite", rates: [1],
    maxBatchedTokens: 2048, kvBlocks: 8253,
    ttft: [138.162, 175.6832, 204.565], e2e: [40835.0064, 44546.3064, 47009.8173], tpot: 28.12498 },
  { run: "60-llama-3-1-70b-tp4-general-lite-4-1", model: "llama-3.1-70b", tp: 4, kind: "general-lite", rates: [2.5, 6],
    maxBatchedTokens: 8192, kvBlocks: 30251,
    ttft: [53.6996, 61.8768, 75.9275], e2e: [4502.0023, 4777.2884, 4925.003], tpot: 18.00932 },
  { run: "61-llama-3-1-70b-tp4-codegen-4-1", model: "llama-3.1-70b", tp: 4, kind: "codegen", rates: [5, 10],
    maxBatchedTokens: 2048, kvBlocks: 30425,
    ttft: [58.1143, 67.2238, 76.6921], e2e: [4840.7163, 5093.5552, 5262.4798], tpot: 19.44147 },
  { run: "62-mistral-nemo-12b-tp2-general-lite-2-1", model: "mistral-nemo-12b", tp: 2, kind: "general-lite", rates: [2.5, 6],
    maxBatchedTokens: 1024, kvBlocks: 48009,
    ttft: [21.6913, 24.1004, 31.5531], e2e: [1534.0355, 1579.0601, 1606.8295], tpot: 6.12285 },
  { run: "63-mistral-nemo-12b-tp1-codegen-1-1", model: "mistral-nemo-12b", tp: 1, kind: "codegen", rates: [5, 10],
    maxBatchedTokens: 2048, kvBlocks: 19251,
    ttft: [33.1176, 37.6488, 41.8881], e2e: [2568.5283, 2686.5815, 2766.714], tpot: 10.30655 },
  { run: "64-qwen2-5-7b-instruct-tp1-roleplay-1-1", model: "qwen2.5-7b", tp: 1, kind: "roleplay", rates: [6],
    maxBatchedTokens: 2048, kvBlocks: 65352,
    ttft: [26.7162, 35.4153, 44.7193], e2e: [1771.7997, 1821.7187, 1881.6381], tpot: 6.98033 },
  { run: "65-01-ai-yi-34b-tp2-general-lite-2-1", model: "yi-34b", tp: 2, kind: "general-lite", rates: [2.5, 6],
    maxBatchedTokens: 2048, kvBlocks: 20793,
    ttft: [46.9809, 53.2715, 66.6852], e2e: [3892.6373, 3965.1288, 4095.153], tpot: 15.56946 },
  { run: "66-qwen2-5-7b-instruct-tp1-reasoning-lite-1-1", model: "qwen2.5-7b", tp: 1, kind: "reasoning-lite", rates: [1],
    maxBatchedTokens: 1024, kvBlocks: 65368,
    ttft: [30.7654, 40.5328, 63.9564], e2e: [10662.1604, 11143.8008, 12190.2157], tpot: 7.3472 },
  { run: "67-llama-2-7b-hf-tp1-reasoning-lite-1-1", model: "llama-2-7b", tp: 1, kind: "reasoning-lite", rates: [1],
    maxBatchedTokens: 2048, kvBlocks: 7463,
    ttft: [55.0959, 63.7595, 79.9172], e2e: [17062.1273, 19891.5768, 21680.8327], tpot: 11.7533 },
  { run: "20260217-155451-llama-2-7b-tp1-codegen", model: "llama-2-7b", tp: 1, kind: "codegen", rates: [5, 10],
    maxBatchedTokens: 2048, kvBlocks: 7463,
    ttft: [27.9818, 33.3498, 49.9279], e2e: [2080.7397, 2386.5231, 2561.9649], tpot: 8.34454 },
];

const STAGE_SECONDS = { one: 1200, two: 600 } as const; // a run lasts twenty minutes

export const VLLM_015_CASES: readonly MeasuredCase[] = ROWS.map((row) => {
  const { prompt, output } = KINDS[row.kind];
  const seconds = row.rates.length === 1 ? STAGE_SECONDS.one : STAGE_SECONDS.two;
  const scout = row.model === "llama-4-scout";
  const name = `vllm-0.15/${row.model}-tp${row.tp}/${row.kind}`;
  return {
    name,
    publication: "vllm-0.15",
    run: row.run,
    target: scout ? "stages, MoE in fp8" : "stages, dense",
    experiment: name,
    load: {
      kind: "stages",
      prompt,
      shared: 100,
      groups: 10,
      distinct: 100,
      output,
      stages: row.rates.map((rate) => ({ rate, seconds })),
    },
    loadLevel: Math.max(...row.rates),
    options: {
      model: row.model,
      hardware: "h100-sxm",
      engine: "vllm-0.15",
      tp: row.tp,
      "max-num-seqs": 128,
      "max-num-batched-tokens": row.maxBatchedTokens,
      "max-model-len": 4096,
      "num-gpu-blocks-override": row.kvBlocks,
      ...(scout ? { quantization: "fp8" } : {}),
    },
    measured: {
      mean_ttft_ms: row.ttft[0],
      p90_ttft_ms: row.ttft[1],
      p99_ttft_ms: row.ttft[2],
      mean_tpot_ms: row.tpot,
      mean_e2el_ms: row.e2e[0],
      p90_e2el_ms: row.e2e[1],
      p99_e2el_ms: row.e2e[2],
    },
  };
});
