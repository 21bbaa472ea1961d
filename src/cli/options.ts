import * as z from "zod";
import { InputError } from "../core/check.js";
import { engineDefaultHelp } from "../serve/engine-defaults.js";
import { SCENARIO_OPTIONS, type ScenarioOptions } from "../serve/options.js";

/** Where a value came from, for messages: "--request-rate", or "file.yaml:3:15 request-rate". */
export type Origin = (key: string) => string;

type Schema = z.ZodType;
const SHAPE = SCENARIO_OPTIONS.shape as Readonly<Record<string, Schema>>;

export const OPTION_NAMES: readonly string[] = Object.keys(SHAPE);

export function isBooleanOption(name: string): boolean {
  return SHAPE[name]?.safeParse(true).success === true;
}

/** What help says of an option: its meaning, what it takes, its default. */
export function optionHelp(name: string): string {
  const schema = SHAPE[name];
  if (schema === undefined) return "";
  const json = z.toJSONSchema(schema, { io: "input" }) as JsonSchema;
  const value = engineDefaultHelp(name) ?? (json.default === false ? undefined : json.default);
  const fallback = value === undefined ? "" : ` [default: ${JSON.stringify(value).replaceAll('"', "")}]`;
  const choices = json.enum === undefined ? "" : ` [${json.enum.join(", ")}]`;
  return `${schema.description ?? ""}${choices}${fallback}`;
}

/** What an option is if it is not given; undefined if it then stays away. */
export function optionDefault(name: string): unknown {
  const schema = SHAPE[name];
  return schema === undefined ? undefined : (z.toJSONSchema(schema, { io: "input" }) as JsonSchema).default;
}

/** Turns the text of a flag into what its option expects: a number where one is allowed, else the text. */
export function flagValue(name: string, text: unknown): unknown {
  if (typeof text !== "string") return text;
  const number = text.trim() === "" ? NaN : Number(text);
  return !Number.isNaN(number) && SHAPE[name]?.safeParse(number).success === true
    ? number
    : looseNumber(name, text, number);
}

/** A number that its option refuses is shown as a number in the message; a word stays a word. */
function looseNumber(name: string, text: string, number: number): unknown {
  return Number.isNaN(number) || SHAPE[name]?.safeParse(text).success === true ? text : number;
}

/** Checks a complete set of options. Every problem is one InputError that names origin, value and what is allowed. */
export function checkOptions(values: Readonly<Record<string, unknown>>, origin: Origin): ScenarioOptions {
  const parsed = SCENARIO_OPTIONS.safeParse(values, { jitless: true }); // once: compiling a parser takes longer
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  if (issue === undefined) throw new InputError("scenario", "is not valid");
  if (issue.code === "unrecognized_keys") {
    const key = issue.keys[0] ?? "";
    throw new InputError(origin(key), `unknown key; known are ${OPTION_NAMES.join(", ")}`);
  }
  const key = String(issue.path[0] ?? "");
  if (!(key in values) || values[key] === undefined) {
    throw new InputError(origin(key), `is missing: ${SHAPE[key]?.description ?? ""}`);
  }
  throw new InputError(origin(key), `${shown(values[key])} is not allowed; ${allowed(key)}`);
}

/** A value as the user wrote it; JSON has no word for infinity. */
function shown(value: unknown): string {
  return typeof value === "number" ? String(value) : JSON.stringify(value);
}

/** What an option takes, in words. */
function allowed(key: string): string {
  const schema = SHAPE[key];
  if (schema === undefined) return "";
  return `expected ${words(z.toJSONSchema(schema, { io: "input" }) as JsonSchema)} (${schema.description ?? ""})`;
}

interface JsonSchema {
  readonly type?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly exclusiveMaximum?: number;
}

function words(schema: JsonSchema): string {
  if (schema.anyOf !== undefined) return schema.anyOf.map(words).join(" or ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return `one of ${schema.enum.join(", ")}`;
  if (schema.type === "boolean") return "true or false";
  if (schema.type === "string") return "a text";
  if (schema.type !== "number" && schema.type !== "integer") return `a ${schema.type ?? "value"}`;
  const from =
    schema.exclusiveMinimum === undefined ? `from ${schema.minimum ?? 0}` : `above ${schema.exclusiveMinimum}`;
  const noun = schema.type === "integer" ? "a whole number" : "a number";
  const to =
    schema.maximum ?? (schema.exclusiveMaximum === undefined ? "infinity" : `below ${schema.exclusiveMaximum}`);
  return `${noun} ${from} to ${to}`;
}
