const GIB = 2 ** 30;

/** The run with dummy inputs by which an engine finds how much memory its steps take, before it gives the rest to the cache. */
export interface ProfilingRun {
  readonly samplerBytes: number; // of one logit: its copies in 16 and 32 bits, probabilities, noise, what sorts them
  readonly samplerRows: number; // sequences' worth of 32-bit logits that the sampler keeps as a workspace
  readonly hiddenCopies: number; // hidden states of all tokens that live while an MLP runs
  readonly countsGraphs: boolean; // CUDA graphs are taken from the cache's memory, else from what is not requested
}

/** What an engine takes of a GPU beside weights and cache. Bytes. */
export interface EngineMemory {
  readonly run: ProfilingRun;
  /** How dense models of these families run, with weights in 16 bits. */
  readonly newRunner?: ProfilingRun & { readonly families: readonly string[] };
  /** Not seen by the framework's allocator: loaded kernels, and buffers of all-reduce for the GPUs of a group. */
  readonly nonTorchAlone: number;
  readonly nonTorchGroup: number;
  readonly nonTorchPerGpu: number; // of the group
  /** There before the engine measures what is free: the CUDA context, in a group that of its communicator. */
  readonly contextAlone: number;
  readonly contextGroup: number;
  readonly source: string;
}

const CONTEXT = { contextAlone: 0.51 * GIB, contextGroup: 1.53 * GIB } as const;
const LAYOUTS = "30 layouts of vLLM 0.19.0 on H100, llm-d-incubation/llm-d-planner pull request 205 (Apache-2.0)";

/** Sorting for top-p: logits (2 + 4), sorted values and places (4 + 8), and as much again for the sort (8 + 4 + 8). */
const SORTED: ProfilingRun = { samplerBytes: 38, samplerRows: 0, hiddenCopies: 4, countsGraphs: false };

export const VLLM_SORTING: EngineMemory = {
  ...CONTEXT,
  run: SORTED,
  nonTorchAlone: 0.25 * GIB,
  nonTorchGroup: 0.65 * GIB,
  nonTorchPerGpu: 0,
  source:
    "vLLM 0.11.1 and 0.16.0, vllm/v1/sample/ops/topk_topp_sampler.py; memory outside the framework from the KV blocks of " +
    `published vLLM 0.15 runs (inference-sim/training); context from ${LAYOUTS}`,
};

/** Top-k and top-p in place: logits (2 + 4), probabilities (4), noise (4); a workspace of one row for each of 132 SMs. */
export const VLLM_0_19: EngineMemory = {
  ...CONTEXT,
  run: { samplerBytes: 14, samplerRows: 132, hiddenCopies: 4, countsGraphs: false },
  nonTorchAlone: 0.25 * GIB,
  nonTorchGroup: 2 * GIB,
  nonTorchPerGpu: 0.04 * GIB,
  source: `vLLM 0.19.0, vllm/v1/sample/ops/topk_topp_triton.py and vllm/v1/worker/gpu_model_runner.py; the rest from ${LAYOUTS}`,
};

/** As 0.19 without the workspace; its second runner samples from logits (2 + 4) alone and skips attention. */
export const VLLM_0_23: EngineMemory = {
  ...VLLM_0_19,
  run: { ...VLLM_0_19.run, samplerRows: 0, countsGraphs: true },
  newRunner: {
    families: ["llama", "mistral", "qwen3"],
    samplerBytes: 6,
    samplerRows: 0,
    hiddenCopies: 3,
    countsGraphs: false,
  },
  source:
    "vLLM 0.23.0, vllm/v1/worker/gpu_worker.py, vllm/config/vllm.py DEFAULT_V2_MODEL_RUNNER_ARCHITECTURES and " +
    `vllm/v1/worker/gpu; outside the framework as in ${LAYOUTS}`,
};

export const EAGER: EngineMemory = {
  ...CONTEXT,
  run: { samplerBytes: 10, samplerRows: 0, hiddenCopies: 4, countsGraphs: false },
  nonTorchAlone: 0,
  nonTorchGroup: 0,
  nonTorchPerGpu: 0,
  source: "a guess: logits in 16 and 32 bits and probabilities; nothing beside the context",
};
