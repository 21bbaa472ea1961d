import { InputError } from "../core/check.js";
import type { HardwareProfile } from "../hardware/profile.js";
import { MODELS } from "../model/shapes.js";
import { createPolicy, POLICIES } from "../policy/table.js";
import { latencies, metrics } from "../serve/metrics.js";
import { SCENARIO_OPTIONS } from "../serve/options.js";
import type { Metrics } from "../serve/outcome.js";
import { scenario } from "../serve/scenario.js";
import { serve } from "../serve/serve.js";
import type { MeasuredCase } from "./case.js";
import { caseWorkload } from "./case-workload.js";
import { steadyMetrics } from "./steady.js";
import type { Subject } from "./terms.js";

/** Built-in hardware by name. */
export type Profiles = (name: string) => HardwareProfile;

/** Simulates a measured run and returns all its figures, by vLLM's names; `change` may put other terms in. */
export function predict(
  { name, options: given, load, steadyWindow }: MeasuredCase,
  profiles: Profiles,
  change: (subject: Subject) => Subject = (subject) => subject,
): Metrics {
  const checked = SCENARIO_OPTIONS.parse(given);
  const model = MODELS[checked.model];
  if (model === undefined) throw new InputError(name, `there is no model ${checked.model}`);
  const { options, profile } = change({ options: checked, profile: profiles(checked.hardware) });
  const built = scenario(options, {
    model,
    profile,
    policy: createPolicy("dense", POLICIES.dense, {}),
    workload: caseWorkload(name, load),
  });
  const result = serve(built);
  const figures = metrics(built, result, latencies(result));
  return steadyWindow === true ? { ...figures, ...steadyMetrics(built, result) } : figures;
}
