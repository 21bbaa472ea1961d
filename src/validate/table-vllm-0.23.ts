import type { MeasuredCase, Publication } from "./case.js";

/** Qwen3-14B on one H100 under vLLM 0.23.0: two rates in open loop, and one far above capacity. */
export const VLLM_023: Publication = {
  title: "Qwen3-14B, one H100, vLLM 0.23.0",
  source: "inference-sim/residency-vllm 2641b576 (no licence: figures quoted)",
  notes: [
    "Prompts vary a little around the mean of 986 tokens that is simulated; none is shared.",
    "Measured at the client: the time to the first token has HTTP and tokenisation in it.",
  ],
};

const COMMON = {
  publication: "vllm-0.23",
  experiment: "vllm-0.23 qwen3-14b",
} as const;

const ENGINE = {
  model: "qwen3-14b",
  hardware: "h100-sxm",
  engine: "vllm-0.23",
  "max-num-seqs": 256,
  "max-num-batched-tokens": 8192,
  "num-gpu-blocks-override": 18038,
} as const;

export const VLLM_023_CASES: readonly MeasuredCase[] = [
  {
    ...COMMON,
    name: "vllm-0.23/qwen3-14b/2rps",
    run: "sweep_rate.agg_2rps.vanilla",
    target: "open loop",
    load: { kind: "open", prompt: 986, output: 128, rate: 2, requests: 1212 },
    loadLevel: 2,
    options: { ...ENGINE },
    measured: {
      mean_ttft_ms: 66.87,
      p99_ttft_ms: 106.784,
      mean_tpot_ms: 12.3293,
      p99_tpot_ms: 14.0403,
      mean_e2el_ms: 1632.685,
      p99_e2el_ms: 1852.31,
    },
  },
  {
    ...COMMON,
    name: "vllm-0.23/qwen3-14b/6rps",
    run: "sweep_rate.agg_6rps.vanilla",
    target: "open loop",
    load: { kind: "open", prompt: 986, output: 128, rate: 6, requests: 3610 },
    loadLevel: 6,
    options: { ...ENGINE },
    measured: {
      mean_ttft_ms: 80.215,
      p99_ttft_ms: 175.606,
      mean_tpot_ms: 15.2456,
      p99_tpot_ms: 19.163,
      mean_e2el_ms: 2016.407,
      p99_e2el_ms: 2529.058,
    },
  },
  {
    ...COMMON,
    name: "vllm-0.23/qwen3-14b/256-in-flight",
    run: "w5_sweep.agg30",
    target: "saturated",
    load: { kind: "open", prompt: 986, output: 128, rate: 30, requests: 17959 },
    loadLevel: 30,
    options: { ...ENGINE, "max-concurrency": 256 },
    measured: {
      request_throughput: 17.4636,
      output_throughput: 2235.35,
      mean_ttft_ms: 977.897,
      p99_ttft_ms: 1481.954,
      mean_tpot_ms: 107.0669,
      p99_tpot_ms: 113.3103,
      mean_e2el_ms: 14575.396,
      p99_e2el_ms: 15018.162,
    },
  },
];
