import type * as z from "zod";
import { InputError } from "../core/check.js";

/** What a schema has first against parsed JSON: file, key, value and what is allowed. */
export function jsonProblem(error: z.ZodError, json: unknown, path: string): InputError {
  const issue = error.issues[0];
  if (issue === undefined) return new InputError(path, "is not as its schema asks");
  const keys = issue.path.map(String);
  const where = keys.length === 0 ? path : `${path} ${keys.join(".")}`;
  if (issue.code === "unrecognized_keys") {
    return new InputError(where, `unknown key ${issue.keys.map((key) => JSON.stringify(key)).join(", ")}`);
  }
  const value = valueAt(json, keys);
  if (value === undefined) return new InputError(where, `is missing; ${issue.message}`);
  const text = JSON.stringify(value);
  const shown = text.length > 80 ? `${text.slice(0, 77)}…` : text;
  return new InputError(where, `${shown} is not allowed; ${issue.message}`);
}

function valueAt(json: unknown, keys: readonly string[]): unknown {
  let value = json;
  for (const key of keys) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[key];
  }
  return value;
}
