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
  const values: Record<string, unknown> = { ...file?.values };
  const fromFlags = new Set<string>();
  for (const name of OPTION_NAMES) {
    const given = flags[name];
    if (given === undefined) continue;
    if (Array.isArray(given) && name !== "policy") throw new InputError(`--${name}`, "is given more than once");
    values[name] = Array.isArray(given) ? given.map(String) : flagValue(name, given);
    fromFlags.add(name);
  }
  if (fromFlags.has("workload")) drop(values, fromFlags, ["input-len", "output-len"]);
  if (fromFlags.has("input-len") || fromFlags.has("output-len")) drop(values, fromFlags, ["workload"]);
  return checkOptions(values, (key) => (file === undefined || fromFlags.has(key) ? `--${key}` : file.position(key)));
}

/** A flag that names another load replaces the file's. */
function drop(values: Record<string, unknown>, fromFlags: ReadonlySet<string>, names: readonly string[]): void {
  for (const name of names) if (!fromFlags.has(name)) delete values[name];
}
