import type { LengthChange } from "./length-fit.js";
import { mapped, type RequestSpec, type Workload } from "./workload.js";

/**
 * The workload with outputs as long as the policy makes them: each by its own dense length, the same in every run. What
 * is added is reasoning, where the workload tells reasoning from answer. A request that fits the budget stays as it is.
 */
export function inflateLengths(workload: Workload, change: LengthChange): Workload {
  const { fit, policy, budget } = change;
  const amplitude = fit.amplitudes[policy] ?? 0;
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  return {
    ...workload,
    notes: [
      ...workload.notes,
      `Output lengths are a model's: each request's own times 1 + ${amplitude} exp(-${fit.decay} budget / length), fitted to ` +
        `the means of ${fit.title} (error ${percent(fit.rmsError)} of the dense length, at most ` +
        `${percent(fit.largestError)}; raas-sim show length-inflation); other models and tasks need not follow it. A replay is open loop: it does not see what is added.`,
    ],
    lengthChange: change,
    *requests(seed) {
      for (const spec of workload.requests(seed))
        yield mapped(spec, (each) => inflated(each, fit.decay, amplitude, budget));
    },
  };
}

function inflated(spec: RequestSpec, decay: number, amplitude: number, budget: number): RequestSpec {
  const { promptTokens, outputTokens, reasoningTokens } = spec;
  if (promptTokens + outputTokens <= budget) return spec; // nothing is evicted or left unread
  const added = Math.round(outputTokens * amplitude * Math.exp((-decay * budget) / outputTokens));
  if (added === 0) return spec;
  return {
    ...spec,
    outputTokens: outputTokens + added,
    reasoningTokens: reasoningTokens === 0 ? 0 : reasoningTokens + added,
  };
}
