import type * as z from "zod";
import { InputError } from "../core/check.js";
import { GENERIC_KEY, GENERIC_NOTE, GENERIC_SOURCE, genericEfficiencies, type Efficiencies } from "./datasheet.js";
import type { HardwareProfile } from "./profile.js";
import { EFFICIENCY_KEYS, PROFILE, type ProfileFields } from "./profile-schema.js";

/**
 * A hardware profile from its JSON, in which each number is { value, source } and `source` a key of `sources`. A
 * datasheet profile may leave efficiencies out: generic ones are filled in, and a note says so. `path` names the file in
 * messages. Throws InputError.
 */
export function parseProfile(json: unknown, path: string): HardwareProfile {
  const parsed = PROFILE.safeParse(json);
  if (!parsed.success) throw problem(parsed.error.issues[0], json, path);
  const fields = parsed.data;
  checkSources(json, fields.sources, [], path);
  if (fields.idlePowerW > fields.peakPowerW) {
    throw new InputError(
      `${path} idlePowerW`,
      `${fields.idlePowerW} is not allowed; expected at most peakPowerW, ${fields.peakPowerW}`,
    );
  }
  const missing = EFFICIENCY_KEYS.filter((key) => fields[key] === undefined);
  const generic = missing.length > 0;
  return {
    name: fields.name,
    title: fields.title,
    kind: fields.kind,
    memoryBytes: fields.memoryBytes,
    bandwidthBytesPerSecond: fields.bandwidthBytesPerSecond,
    peakFlops: fields.peakFlops,
    idlePowerW: fields.idlePowerW,
    peakPowerW: fields.peakPowerW,
    pricePerHour: fields.pricePerHour,
    gpusPerNode: fields.gpusPerNode,
    ...efficiencies(fields, missing, path),
    sources: generic ? { ...fields.sources, [GENERIC_KEY]: GENERIC_SOURCE } : fields.sources,
    notes: generic ? [...fields.notes, `${GENERIC_NOTE}: ${missing.join(", ")}`] : fields.notes,
  };
}

/** Those of the file, and for a datasheet generic ones where it has none. */
function efficiencies(fields: ProfileFields, missing: readonly (keyof Efficiencies)[], path: string): Efficiencies {
  const [first] = missing;
  if (first !== undefined && fields.kind !== "datasheet") {
    throw new InputError(`${path} ${first}`, `is missing; only a profile of kind "datasheet" may leave it out`);
  }
  const interconnect = fields.interconnectBytesPerSecond;
  if (interconnect === undefined && fields.allReduce === undefined) {
    throw new InputError(
      `${path} interconnectBytesPerSecond`,
      "is missing; expected byte/s in one direction, or an allReduce block",
    );
  }
  const generic = genericEfficiencies(fields.bandwidthBytesPerSecond, interconnect ?? 0);
  return {
    gemm: fields.gemm ?? generic.gemm,
    decodeAttention: fields.decodeAttention ?? generic.decodeAttention,
    prefillAttention: fields.prefillAttention ?? generic.prefillAttention,
    elementwise: fields.elementwise ?? generic.elementwise,
    allReduce: fields.allReduce ?? generic.allReduce,
  };
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
