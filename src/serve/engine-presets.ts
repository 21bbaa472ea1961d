import type { HostParameters } from "../cost/host.js";
import { EAGER, VLLM_0_19, VLLM_0_23, VLLM_SORTING, type EngineMemory } from "./engine-memory.js";
import type { SamplerParameters } from "../cost/sampling.js";

/** Iteration limits that an engine takes where none are given. */
export interface BatchLimits {
  readonly "max-num-batched-tokens": number;
  readonly "max-num-seqs": number;
}

/** Options that an engine decides on every GPU alike. */
export interface EngineSwitches {
  readonly "gpu-memory-utilization": number;
  readonly "async-scheduling": boolean;
  readonly "cuda-graphs": boolean;
  readonly "enable-prefix-caching": boolean;
}

/** What versions of an engine do differently: defaults of options, and the CPU's work in a step. */
export interface EnginePreset {
  readonly title: string;
  /** Defaults on GPUs of at least 70 GiB other than the A100, and on the others. */
  readonly largeGpu: BatchLimits;
  readonly otherGpu: BatchLimits;
  readonly defaults: EngineSwitches;
  readonly host: HostParameters;
  readonly sampler: SamplerParameters;
  readonly memory: EngineMemory;
  /** A prompt is admitted only if all of it fits the free blocks, not its first chunk alone. */
  readonly admitsWhole: boolean;
  /** Each step that appends a token copies the whole cache, as concatenating tensors does. */
  readonly copiesCache: boolean;
  /** Field → where its value comes from. */
  readonly sources: Readonly<Record<string, string>>;
}

const VLLM_BATCHES = {
  largeGpu: { "max-num-batched-tokens": 8192, "max-num-seqs": 1024 },
  otherGpu: { "max-num-batched-tokens": 2048, "max-num-seqs": 256 },
} as const;

const VLLM_SWITCHES = { "cuda-graphs": true, "enable-prefix-caching": true } as const;

/** One set for all versions of vLLM: what they differ in is whether the GPU waits for it. */
const VLLM_HOST: HostParameters = {
  stepSeconds: 1e-3,
  sequenceSeconds: 2e-6,
  launchSeconds: 0,
  frontEndSeconds: 7e-3,
};

/**
 * Sorts all logits to cut them to top-k and top-p (vllm/v1/sample/ops/topk_topp_sampler.py, apply_top_k_top_p). Its times are
 * fitted to decode steps of vLLM 0.11, 0.12 and 0.15 on H100 (ml-energy/leaderboard 0cd52dab, ai-dynamo/aiconfigurator
 * 095f58a5, inference-sim/training). Penalties count the tokens of each sequence anew in each step (vllm/model_executor/layers/
 * utils.py, apply_penalties): two counts of 8 bytes are cleared, masks are made of them (8 + 1), the repetition penalty reads
 * both and the logits (2 + 4) and writes these (4), frequency and presence multiply into a buffer of 4 (8 + 4, 1 + 4) and
 * subtract that (twice 4 + 4 + 4). What their launches and the copy of the tokens take is fitted to the same runs.
 */
const SORTING_SAMPLER: SamplerParameters = {
  stepSeconds: 0.2e-3,
  bytesPerLogit: 40,
  filterSecondsPerLogit: 2.5e-10,
  sorts: true,
  penaltySeconds: 0.2e-3,
  penaltyBytesPerLogit: 85,
};
/** A Triton kernel looks for the cut instead (vllm-project/vllm pull request 33538: 0.30 ms for 64 × 131,072 logits). */
const TRITON_SAMPLER: SamplerParameters = { ...SORTING_SAMPLER, filterSecondsPerLogit: 3.7e-11, sorts: false };
/** FlashInfer's kernels (vllm-project/vllm pull request 40376: 0.20 ms for 64 × 131,072 logits). */
const FLASHINFER_SAMPLER: SamplerParameters = { ...SORTING_SAMPLER, filterSecondsPerLogit: 2.4e-11, sorts: false };

const HOST_SOURCE =
  "fitted to published runs on H100: the front end to TTFT of vLLM 0.15 on cached prompts, steps and sequences to vLLM 0.12 with " +
  "8 to 128 clients on 2 to 8 GPUs (inference-sim/sim-to-real-accuracy-validation; ai-dynamo/aiconfigurator 095f58a5)";

function vllmSources(version: string): Readonly<Record<string, string>> {
  return {
    batches: `vLLM ${version}, vllm/engine/arg_utils.py get_batch_defaults, as an API server`,
    "gpu-memory-utilization": `vLLM ${version}, vllm/config/cache.py`,
    "async-scheduling": `vLLM ${version}, vllm/config/scheduler.py and vllm.py`,
    "enable-prefix-caching": `vLLM ${version}, vllm/engine/arg_utils.py, for decoders`,
    admitsWhole:
      "vllm-project/vllm pull request 37307 of March 2026, scheduler_reserve_full_isl; not in earlier versions",
    host: HOST_SOURCE,
  };
}

const VLLM = {
  ...VLLM_BATCHES,
  host: VLLM_HOST,
  sampler: SORTING_SAMPLER,
  copiesCache: false,
  admitsWhole: true,
} as const;

/** Engines by the name that --engine takes. What a version shares with the one before is said once. */
export const ENGINE_PRESETS = {
  "vllm-0.11": {
    ...VLLM,
    title: "vLLM 0.11",
    admitsWhole: false,
    memory: VLLM_SORTING,
    defaults: { ...VLLM_SWITCHES, "gpu-memory-utilization": 0.9, "async-scheduling": false },
    sources: vllmSources("0.11.1"),
  },
  "vllm-0.15": {
    ...VLLM,
    title: "vLLM 0.15",
    admitsWhole: false,
    memory: VLLM_SORTING,
    defaults: { ...VLLM_SWITCHES, "gpu-memory-utilization": 0.9, "async-scheduling": true },
    sources: vllmSources("0.14.1 and 0.16.0, which agree"),
  },
  "vllm-0.19": {
    ...VLLM,
    sampler: TRITON_SAMPLER,
    title: "vLLM 0.19",
    memory: VLLM_0_19,
    defaults: { ...VLLM_SWITCHES, "gpu-memory-utilization": 0.9, "async-scheduling": true },
    sources: vllmSources("0.19.0"),
  },
  "vllm-0.23": {
    ...VLLM,
    sampler: FLASHINFER_SAMPLER,
    title: "vLLM 0.23",
    memory: VLLM_0_23,
    defaults: { ...VLLM_SWITCHES, "gpu-memory-utilization": 0.92, "async-scheduling": true },
    sources: vllmSources("0.23.0"),
  },
  "hf-eager": {
    title: "Hugging Face transformers, eager, generate()",
    largeGpu: { "max-num-batched-tokens": 8192, "max-num-seqs": 1024 },
    otherGpu: { "max-num-batched-tokens": 8192, "max-num-seqs": 1024 },
    defaults: {
      "gpu-memory-utilization": 1,
      "async-scheduling": false,
      "cuda-graphs": false,
      "enable-prefix-caching": false,
    },
    host: { stepSeconds: 0.2e-3, sequenceSeconds: 0, launchSeconds: 0.38e-3, frontEndSeconds: 0 },
    // Its launches are host time; a penalty is scattered into a copy of the logits.
    sampler: { ...SORTING_SAMPLER, stepSeconds: 0, bytesPerLogit: 10, penaltySeconds: 0, penaltyBytesPerLogit: 8 },
    copiesCache: true,
    admitsWhole: true,
    memory: EAGER,
    sources: {
      batches: "a guess: generate() takes whatever fits the memory",
      "gpu-memory-utilization": "nothing is reserved",
      "enable-prefix-caching": "transformers 4.57, generate() starts from an empty cache",
      host: "a guess: 32 layers at 0.38 ms and 0.2 ms are the 12.4 ms a token of batch 1 on A100 in R-KV, arXiv 2505.24133",
      sampler:
        "transformers 4.57, GenerationMixin._sample without do_sample: a copy in 32 bits (2 + 4) and its argmax (4)",
      copiesCache: "transformers 4.57, DynamicLayer.update concatenates",
      admitsWhole: "a batch is given as a whole",
    },
  },
} as const satisfies Readonly<Record<string, EnginePreset>>;

export type EngineName = keyof typeof ENGINE_PRESETS;
export const ENGINES = Object.keys(ENGINE_PRESETS) as readonly EngineName[];
export const NEWEST_ENGINE: EngineName = "vllm-0.23";
