import { InputError } from "../core/check.js";
import type { ScenarioOptions } from "../serve/options.js";
import { checkOptions, flagValue, OPTION_NAMES } from "./options.js";
import { readScenarioFile } from "./scenario-file.js";

/** Parsed flags, by name. */
export type Flags = Readonly<Record<string, unknown>>;

/** Options of the scenario file, if one is given, with the flags on top; checked, defaults filled in. */
export async function scenarioOptions(flags: Flags): Promise<ScenarioOptions> {
  const path = flags["scenario"];
  const file = typeof path === "string" ? await readScenarioFile(path) : undefined;
  if (file?.values["deployments"] !== undefined) {
    throw new InputError(file.position("deployments"), "only serve takes a scenario with several deployments");
  }
  const given = flagValues(flags);
  const values = layered(file?.values ?? {}, given);
  return checkOptions(values, (key) => (file === undefined || key in given ? `--${key}` : file.position(key)));
}

/** The options among the flags, each as the value that it expects. */
export function flagValues(flags: Flags): Readonly<Record<string, unknown>> {
  const values: Record<string, unknown> = {};
  for (const name of OPTION_NAMES) {
    const given = flags[name];
    if (given === undefined) continue;
    if (Array.isArray(given) && name !== "policy") throw new InputError(`--${name}`, "is given more than once");
    values[name] = Array.isArray(given) ? given.map(String) : flagValue(name, given);
  }
  return values;
}

type Values = Readonly<Record<string, unknown>>;

/** Options over others; one that names another load replaces theirs. */
export function layered(under: Values, over: Values): Values {
  const values: Record<string, unknown> = { ...under, ...over };
  const drop = (names: readonly string[]): void => {
    for (const name of names) if (!(name in over)) delete values[name];
  };
  if ("workload" in over) drop(["input-len", "output-len"]);
  if ("input-len" in over || "output-len" in over) drop(["workload"]);
  return values;
}
