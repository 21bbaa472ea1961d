import { InputError } from "../core/check.js";
import type { HardwareProfile } from "../hardware/profile.js";
import { MODELS } from "../model/shapes.js";
import type { Policy } from "../policy/policy.js";
import { checkParameters, parsePolicySpec } from "../policy/spec.js";
import { createPolicy, POLICIES } from "../policy/table.js";
import { memoryPlan } from "../serve/memory-plan.js";
import { latencies, metrics } from "../serve/metrics.js";
import { SCENARIO_OPTIONS, type ScenarioOptions } from "../serve/options.js";
import type { Metrics } from "../serve/outcome.js";
import { scenario } from "../serve/scenario.js";
import { serve } from "../serve/serve.js";
import type { LengthQuantiles, MeasuredCase } from "./case.js";
import { caseWorkload } from "./case-workload.js";
import { steadyMetrics } from "./steady.js";
import type { Subject } from "./terms.js";

/** Built-in hardware by name. */
export type Profiles = (name: string) => HardwareProfile;

/** Simulates a measured run and returns all its figures, by vLLM's names; `change` may put other terms in. */
export function predict(
  { name, options: given, load, steadyWindow, measured }: MeasuredCase,
  profiles: Profiles,
  change: (subject: Subject) => Subject = (subject) => subject,
): Metrics {
  const checked = SCENARIO_OPTIONS.parse(given);
  const model = MODELS[checked.model];
  if (model === undefined) throw new InputError(name, `there is no model ${checked.model}`);
  const { options, profile } = change({ options: checked, profile: profiles(checked.hardware) });
  const policy = builtInPolicy(name, checked.policy);
  const built = scenario(options, { model, profile, policy, workload: caseWorkload(name, load) });
  const result = serve(built);
  const figures = metrics(built, result, latencies(result));
  return {
    ...figures,
    ...(steadyWindow === true ? steadyMetrics(built, result) : {}),
    ...("full_sequences" in measured ? mostSequences(options, { model, profile, policies: [policy] }, load) : {}),
  };
}

function builtInPolicy(name: string, text: ScenarioOptions["policy"]): Policy {
  const spec = parsePolicySpec(String(text));
  const definition = Object.entries(POLICIES).find(([kind]) => spec.kind === "table" && kind === spec.name)?.[1];
  if (spec.kind !== "table" || definition === undefined)
    throw new InputError(name, `there is no policy ${String(text)}`);
  return createPolicy(spec.name, definition, checkParameters(definition, spec.values, name));
}

/** How many of a run's sequences the memory holds at once, by the key of `memory --json`. */
function mostSequences(
  options: ScenarioOptions,
  asked: Parameters<typeof memoryPlan>[1],
  { prompt, output }: { readonly prompt: number; readonly output: number | LengthQuantiles },
): Metrics {
  const longest = typeof output === "number" ? output : (output.tokens.at(-1) as number);
  const sized = { ...options, "input-len": prompt, "max-model-len": prompt + longest };
  return { full_sequences: memoryPlan(sized, asked, []).policies[0]?.full_sequences ?? 0 };
}
