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

/** Built-in hardware by name; a fit hands out profiles with other parameters. */
export type Profiles = (name: string) => HardwareProfile;

/** Simulates a measured run and returns all its figures, by vLLM's names. */
export function predict({ name, options, load, steadyWindow }: MeasuredCase, profiles: Profiles): Metrics {
  const checked = SCENARIO_OPTIONS.parse(options);
  const model = MODELS[checked.model];
  if (model === undefined) throw new InputError(name, `there is no model ${checked.model}`);
  const built = scenario(checked, {
    model,
    profile: profiles(checked.hardware),
    policy: createPolicy("dense", POLICIES.dense, {}),
    workload: caseWorkload(name, load),
  });
  const result = serve(built);
  const figures = metrics(built, result, latencies(result));
  return steadyWindow === true ? { ...figures, ...steadyMetrics(built, result) } : figures;
}
