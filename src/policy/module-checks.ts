import { InputError } from "../core/check.js";

/** What a user's module hands over, before it has been looked at. */
export type Fields = Readonly<Record<string, unknown>>;

export function requireCount(fields: Fields, key: string, path: string, where: string): void {
  const value = fields[key];
  if (Number.isSafeInteger(value) && Number(value) >= 0) return;
  throw new InputError(path, `${where}: ${key} is ${String(value)}, not a whole number of at least 0`);
}

export function requireType(fields: Fields, key: string, type: string, path: string, where: string): void {
  const value = fields[key];
  if (typeof value === type && !Number.isNaN(value)) return;
  throw new InputError(
    path,
    `${where}: ${key} is ${value === undefined ? "missing" : JSON.stringify(value)}, not a ${type}`,
  );
}

/** Runs code of the module: what it throws is the module's, but an InputError says all already. */
export function guard<T>(path: string, where: string, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    throw new InputError(path, `${where} threw: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}

export function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
