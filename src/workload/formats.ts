import { InputError } from "../core/check.js";
import { fieldsReader } from "./fields-reader.js";
import { AIBRIX } from "./format-aibrix.js";
import { AZURE, AZURE_MULTIMODAL } from "./format-azure.js";
import { BAILIAN } from "./format-bailian.js";
import { BURSTGPT, BURSTGPT_SESSIONS } from "./format-burstgpt.js";
import { KV_CACHE_TESTER } from "./format-kv-cache-tester.js";
import { LLMSERVINGSIM } from "./format-llmservingsim.js";
import { MOONCAKE } from "./format-mooncake.js";
import { OWN } from "./format-own.js";
import { RAGPULSE } from "./format-ragpulse.js";
import { isServegenDataset, isServegenTrace, SERVEGEN_PROBLEM } from "./format-servegen.js";
import { SPLITWISE } from "./format-splitwise.js";
import { TRACELAB } from "./format-tracelab.js";
import { VIDUR } from "./format-vidur.js";
import { VLLM_BENCH } from "./format-vllm-bench.js";
import { excerpt } from "./csv.js";
import type { Row } from "./json-values.js";
import { type FieldsFormat, requiredFields } from "./log-fields.js";
import type { JsonFormat } from "./log-reader.js";

/** Every format that is recognised, by names of columns and keys alone; of several that match, the first. */

const FIELDS_FORMATS: readonly FieldsFormat[] = [
  OWN,
  AZURE_MULTIMODAL,
  AZURE,
  BURSTGPT_SESSIONS,
  BURSTGPT,
  VIDUR,
  SPLITWISE,
];

const JSON_FORMATS: readonly JsonFormat[] = [
  MOONCAKE,
  BAILIAN,
  RAGPULSE,
  KV_CACHE_TESTER,
  TRACELAB,
  LLMSERVINGSIM,
  AIBRIX,
  VLLM_BENCH,
];

/** The format of a CSV header, or of the columns of a table. `given` are the columns the user names. */
export function csvFormat(names: readonly string[], path: string, given: FieldsFormat | undefined): FieldsFormat {
  if (given !== undefined) {
    const missing = requiredFields(given).filter((name) => !names.includes(name));
    if (missing.length === 0) return given;
    throw new InputError(`${path}:1`, `no column ${missing.join(", ")}, as given; found ${listed(names)}`);
  }
  const found = FIELDS_FORMATS.find((format) => requiredFields(format).every((name) => names.includes(name)));
  if (found !== undefined) return found;
  if (isServegenTrace(names)) throw new InputError(path, SERVEGEN_PROBLEM);
  throw new InputError(`${path}:1`, `${closest(names)}found columns ${listed(names)}; ${knownFormats()}`);
}

/** The format of a JSON row. */
export function jsonFormat(row: Row, path: string, given: FieldsFormat | undefined): JsonFormat {
  if (given !== undefined) return asJson(given, true);
  const found = JSON_FORMATS.find((format) => format.matches(row));
  if (found !== undefined) return found;
  const keys = Object.keys(row);
  const flat = FIELDS_FORMATS.find((format) => requiredFields(format).every((name) => name in row));
  if (flat !== undefined) return asJson(flat, flat !== OWN);
  if (isServegenDataset(row)) throw new InputError(path, SERVEGEN_PROBLEM);
  throw new InputError(`${path}:1`, `${closest(keys, "key")}found keys ${listed(keys)}; ${knownFormats()}`);
}

/** The columns of a format, read from JSON rows; `loose` takes numbers written as text too. */
function asJson(format: FieldsFormat, loose: boolean): JsonFormat {
  return {
    name: format.name,
    marks: requiredFields(format).join(", "),
    matches: (row) => requiredFields(format).every((name) => name in row),
    open: () => fieldsReader(format, loose),
  };
}

/** The format that lacks least, if half of it is there. */
function closest(names: readonly string[], what = "column"): string {
  const near = FIELDS_FORMATS.map((format) => ({
    name: format.name,
    missing: requiredFields(format).filter((name) => !names.includes(name)),
    share: requiredFields(format).filter((name) => names.includes(name)).length / requiredFields(format).length,
  })).sort((a, b) => b.share - a.share)[0];
  if (near === undefined || near.share < 0.5) return "no format is recognised; ";
  return `no ${what} ${near.missing.join(", ")}, which ${near.name} has; `;
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? "none" : names.slice(0, 30).map(excerpt).join(", ").slice(0, 300);
}

/** What is known, for a file that is not. */
function knownFormats(): string {
  const all = [
    ...FIELDS_FORMATS.map((format) => `${format.name} (${requiredFields(format).join(", ")})`),
    ...JSON_FORMATS.map(({ name, marks }) => `${name} (${marks})`),
  ];
  return `known are ${all.join("; ")}; or name the columns: --columns arrival=NAME:UNIT,prompt=NAME,output=NAME`;
}
