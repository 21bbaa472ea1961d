import { modelBand } from "../statistics/model-band.js";
import { STEADY_STATE } from "./confidence.js";
import type { ModelBand, Summary } from "./outcome.js";

/** Errors of checked predictions, predicted / measured - 1, by key of the metric. */
export type ModelErrors = Readonly<Record<string, readonly number[]>>;

/**
 * Beside the chance in the requests, which intervals tell, stands the error of the model: bands from predictions that were
 * checked, all of them of dense attention. Without such a check there is none, and the notes say so.
 */
export function withModelError<S extends Summary>(one: S, errors: ModelErrors, level: number): S {
  const why =
    one.policy !== "dense"
      ? "no measured run under this policy was checked"
      : Object.keys(errors).length === 0
        ? `no measured run on ${one.profile.name} was checked`
        : undefined;
  if (why !== undefined) return { ...one, notes: [...one.notes, `No band of the model's error: ${why}.`] };
  const bands: Record<string, ModelBand> = {};
  for (const [key, checked] of Object.entries(errors)) {
    const predicted = one.metrics[key];
    if (typeof predicted !== "number" || (one.saturation.saturated && STEADY_STATE.test(key))) continue;
    const band = modelBand(predicted, checked, level);
    if (band !== undefined) bands[key] = band;
  }
  return { ...one, model_error_bands: bands };
}
