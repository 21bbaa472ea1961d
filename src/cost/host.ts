import type { Line } from "../core/line.js";

/** Work of the CPU in an engine step. It belongs to an engine, not to a GPU. Seconds. */
export interface HostParameters {
  readonly stepSeconds: number; // once a step: scheduling, preparing inputs, taking outputs
  readonly sequenceSeconds: number; // for each sequence that emits a token: sampling, detokenising
  readonly launchSeconds: number; // launching the kernels of one layer, beside the GPU; 0 where graphs replay them
  readonly frontEndSeconds: number; // HTTP and tokenisation, once a request, before it queues
}

/**
 * Host time that the GPU waits for. Work `beside` the GPU (kernel launches; with asynchronous scheduling all of it) is
 * seen only as far as it takes longer than the GPU's `now`, which changes by `perStep`; work `between` steps always.
 */
export function exposedHost(
  between: number,
  beside: number,
  now: number,
  perStep: number,
): Line & { readonly steadyFor: number } {
  if (now >= beside) return { now: between, perStep: 0, steadyFor: Infinity };
  const waits = beside - now;
  if (perStep === 0) return { now: between + waits, perStep: 0, steadyFor: Infinity };
  return { now: between + waits, perStep: -perStep, steadyFor: Math.max(1, Math.ceil(waits / perStep)) }; // then the GPU takes longer
}
