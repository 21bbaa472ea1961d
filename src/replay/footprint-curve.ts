import { InputError } from "../core/check.js";
import { LEAST_MEASURED_STEPS, measuredFootprint, type FootprintCurve } from "../policy/measured.js";
import type { Policy } from "../policy/policy.js";
import { POLICIES } from "../policy/table.js";
import { footprintProblem } from "./conformance.js";
import type { PolicyQuality, ReplayResult } from "./quality.js";

/**
 * The policies, those whose footprints depend on the attention with what the replay counted of them, if it counted enough;
 * those of a user's own with a note if their footprints are not what it counted.
 */
export function withMeasuredFootprints(
  policies: readonly Policy[],
  result: ReplayResult,
  recording: string,
): readonly Policy[] {
  return policies.map((policy) => {
    const quality = result.policies.find(({ policy: name }) => name === policy.name);
    if (quality === undefined) return policy; // it says what it costs, not which positions it chooses
    if (policy.dataDependent !== true) return checked(policy, result, quality, recording);
    const curve = footprintCurve(result, quality, policy, recording);
    if (curve.held.length >= LEAST_MEASURED_STEPS) return measuredFootprint(policy, curve);
    const few = `Served at its upper bound: ${recording} has ${curve.held.length} decode steps, too few to measure what it holds and reads; ${LEAST_MEASURED_STEPS} are enough.`;
    return { ...policy, notes: [...policy.notes, few] };
  });
}

/**
 * Of the built-in policies a test ties the closed form to what they do; of a user's own nobody knows before, and what is
 * served is the closed form.
 */
function checked(policy: Policy, result: ReplayResult, quality: PolicyQuality, recording: string): Policy {
  if (Object.hasOwn(POLICIES, policy.kind) || result.layers.every((layer) => layer < policy.denseLayers)) return policy;
  const curve = footprintCurve(result, quality, policy, recording);
  const problem = footprintProblem(policy, result.trace.promptTokens, curve);
  if (problem === undefined) return policy;
  const wrong = `Memory and speed are those of its footprint, not of what it does in the replay: ${problem}.`;
  return { ...policy, notes: [...policy.notes, wrong] };
}

/** Tokens that the policy held and read in each replayed step, mean over the heads of the layers it governs. */
export function footprintCurve(
  { layers, settings, trace }: ReplayResult,
  { steps }: PolicyQuality,
  { name, denseLayers }: Pick<Policy, "name" | "denseLayers">,
  recording: string,
): FootprintCurve {
  const dense = layers.filter((layer) => layer < denseLayers).length;
  if (dense === layers.length) {
    throw new InputError(
      `policy ${name}`,
      `denseLayers=${denseLayers} leaves nothing to measure: replayed are layers ${layers.join(", ")}`,
    );
  }
  const fromTokens = trace.promptTokens + settings.fromStep + 1;
  // Dense layers hold and read all tokens: known, so their part of the mean can be taken out.
  const governed = (means: readonly number[]): number[] =>
    means.map((mean, step) => (mean * layers.length - dense * (fromTokens + step)) / (layers.length - dense));
  return {
    source: `${recording}, ${trace.model}, layers ${layers.filter((layer) => layer >= denseLayers).join(", ")}`,
    fromTokens,
    held: governed(steps.heldTokens),
    read: governed(steps.readTokens),
  };
}
