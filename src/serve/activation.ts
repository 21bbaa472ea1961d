import type { ModelShape, WeightFormat } from "../model/model-shape.js";
import type { EngineMemory, ProfilingRun } from "./engine-memory.js";

const MIB = 2 ** 20;
const ACTIVATION_BYTES = 2;
/** Workspace of the matrix library on the GPU, and how much of it is left where an MLP peaks. */
const SAMPLER_WORKSPACE = 32 * MIB;
const STEP_WORKSPACE = 16 * MIB;

/** The run that an engine profiles a model with. */
export function profilingRun(engine: EngineMemory, model: ModelShape, weights: WeightFormat): ProfilingRun {
  const { run, newRunner } = engine;
  const plain = weights === "bf16" && model.experts === undefined && model.encoder === undefined;
  return newRunner !== undefined && plain && newRunner.families.includes(model.family) ? newRunner : run;
}

/**
 * Peak bytes of activations on each of `tp` GPUs: of a step of `maxTokens`, in its widest MLP, or of sampling for
 * `maxSequences`, whichever is more. Logits are gathered, so that sampling does not shrink with more GPUs. What routed
 * experts work in is kept (vLLM 0.16-0.23, vllm/v1/worker/workspace.py), and so are encoded images and their pixels, as
 * many as a step has tokens.
 */
export function activationBytes(
  model: ModelShape,
  run: ProfilingRun,
  { tp, maxTokens, maxSequences }: { readonly tp: number; readonly maxTokens: number; readonly maxSequences: number },
): number {
  const { hiddenSize, vocabularySize, experts, encoder } = model;
  const sequences = Math.min(maxSequences, maxTokens);
  const hidden = ACTIVATION_BYTES * maxTokens * hiddenSize;
  const dense = experts === undefined || experts.denseLayers > 0 ? model.intermediateSize : 0;
  const intermediate = Math.max(dense, experts?.sharedIntermediateSize ?? 0) / tp;
  const step = run.hiddenCopies * hidden + ACTIVATION_BYTES * maxTokens * 3 * intermediate + STEP_WORKSPACE; // gate, up, product
  const sampler =
    run.samplerBytes * sequences * vocabularySize +
    4 * Math.min(run.samplerRows, sequences) * vocabularySize +
    hidden +
    2 * ACTIVATION_BYTES * sequences * hiddenSize + // of the last tokens, and random ones in their place
    SAMPLER_WORKSPACE;
  const size = (experts?.expertIntermediateSize ?? 0) / tp;
  const pairs = maxTokens * (experts?.expertsPerToken ?? 0);
  const routed = ACTIVATION_BYTES * pairs * (Math.max(2 * size, hiddenSize) + size);
  const images = encoder === undefined ? 0 : hidden + ACTIVATION_BYTES * maxTokens * encoder.pixelsPerToken;
  return Math.max(step, sampler) + routed + images;
}
