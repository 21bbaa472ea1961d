import type * as z from "zod";
import { InputError } from "../core/check.js";
import { borrowed, type Efficiencies } from "./datasheet.js";
import type { HardwareProfile } from "./profile.js";
import { EFFICIENCY_KEYS, PROFILE } from "./profile-schema.js";

/**
 * A hardware profile from its JSON, in which each number is { value, source } and `source` a key of `sources`. A
 * datasheet profile, or a measured one on whose device not every kernel runs, may leave efficiencies out and name the
 * fitted profile to take them from, which `fitted` returns; a note says so. `path` names the file in messages. Throws InputError.
 */
export function parseProfile(
  json: unknown,
  path: string,
  fitted: (name: string, path: string) => HardwareProfile,
): HardwareProfile {
  const parsed = PROFILE.safeParse(json, { jitless: true }); // read once: compiling a parser takes longer
  if (!parsed.success) throw problem(parsed.error.issues[0], json, path);
  const fields = parsed.data;
  checkSources(json, fields.sources, [], path);
  if (fields.idlePowerW > fields.peakPowerW) {
    throw new InputError(
      `${path} idlePowerW`,
      `${fields.idlePowerW} is not allowed; expected at most peakPowerW, ${fields.peakPowerW}`,
    );
  }
  const { efficienciesOf: lender, ...own } = fields;
  const missing = EFFICIENCY_KEYS.filter((key) => fields[key] === undefined);
  const [first] = missing;
  if (first === undefined) {
    if (lender !== undefined)
      throw new InputError(`${path} efficienciesOf`, "is not allowed where nothing is left out");
    return own as HardwareProfile; // nothing is missing
  }
  if (fields.kind === "fitted") {
    throw new InputError(`${path} ${first}`, `is missing; a profile of kind "fitted" may not leave it out`);
  }
  if (lender === undefined) {
    throw new InputError(`${path} efficienciesOf`, `is missing; expected the name of a fitted profile, for ${first}`);
  }
  const { efficiencies, source, note } = borrowed(fitted(lender, path), fields, missing);
  const filled = Object.fromEntries(missing.map((key) => [key, efficiencies[key]])) as Efficiencies;
  return { ...own, ...filled, sources: { ...fields.sources, ...source }, notes: [...fields.notes, note] };
}

/** Each number's source must be explained. */
function checkSources(
  json: unknown,
  sources: Readonly<Record<string, string>>,
  keys: readonly string[],
  path: string,
): void {
  if (!isRecord(json)) return;
  const source = json["source"];
  if (typeof source === "string" && "value" in json && !Object.hasOwn(sources, source)) {
    const known = Object.keys(sources).join(", ");
    throw new InputError(
      `${path} ${keys.join(".")}.source`,
      `"${source}" is not allowed; expected a key of sources: ${known}`,
    );
  }
  for (const [key, value] of Object.entries(json)) {
    if (keys.length > 0 || key !== "sources") checkSources(value, sources, [...keys, key], path);
  }
}

function problem(issue: z.core.$ZodIssue | undefined, json: unknown, path: string): InputError {
  if (issue === undefined) return new InputError(path, "is not a hardware profile");
  const where = issue.path.length === 0 ? path : `${path} ${issue.path.map(String).join(".")}`;
  if (issue.code === "unrecognized_keys") {
    return new InputError(where, `"${issue.keys.join('", "')}" is an unknown key; ${issue.message}`);
  }
  let value = json;
  for (const key of issue.path) value = isRecord(value) ? value[String(key)] : undefined;
  if (value === undefined) return new InputError(where, `is missing; ${issue.message}`);
  const text = JSON.stringify(value);
  const shown = text.length > 80 ? `${text.slice(0, 77)}...` : text;
  return new InputError(where, `${shown} is not allowed; ${issue.message}`);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
