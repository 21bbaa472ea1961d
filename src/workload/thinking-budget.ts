import { mapped, type RequestSpec, type Workload } from "./workload.js";

/** The workload with at most `budget` tokens of reasoning a request; the answer stays as long as it was. */
export function capThinking(workload: Workload, budget: number): Workload {
  return {
    ...workload,
    notes: [
      ...workload.notes,
      `Reasoning ends at ${budget} tokens by force (thinking budget); the answer after it is taken to be as long as without.`,
    ],
    *requests(seed) {
      for (const spec of workload.requests(seed)) yield mapped(spec, (each) => capped(each, budget));
    },
  };
}

function capped(spec: RequestSpec, budget: number): RequestSpec {
  const cutTokens = spec.reasoningTokens - budget;
  if (cutTokens <= 0) return spec;
  return {
    ...spec,
    // A request that was cut at its output limit within its reasoning still gets one token of an answer.
    outputTokens: Math.max(budget + 1, spec.outputTokens - cutTokens),
    reasoningTokens: budget,
    cutTokens,
  };
}
