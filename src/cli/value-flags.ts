import { InputError } from "../core/check.js";
import type { Flags } from "./flags.js";

/** Flags as text, checked and turned into what they mean. Each throws InputError naming flag, value and what is allowed. */

export function textFlag(flags: Flags, name: string): string | undefined {
  const given = flags[name];
  if (given === undefined) return undefined;
  if (Array.isArray(given)) throw new InputError(`--${name}`, "is given more than once");
  return typeof given === "string" ? given : undefined;
}

export function requiredTextFlag(flags: Flags, name: string, what: string): string {
  const given = textFlag(flags, name);
  if (given === undefined || given === "") throw new InputError(`--${name}`, `is missing: ${what}`);
  return given;
}

export function choiceFlag<const C extends string>(flags: Flags, name: string, choices: readonly C[]): C | undefined {
  const given = textFlag(flags, name);
  if (given === undefined) return undefined;
  const found = choices.find((choice) => choice === given);
  if (found === undefined) throw notAllowed(name, given, `one of ${choices.join(", ")}`);
  return found;
}

export function countFlag(flags: Flags, name: string, least: number, most: number): number | undefined {
  const given = textFlag(flags, name);
  if (given === undefined) return undefined;
  const value = /^\d+$/.test(given.trim()) ? Number(given) : NaN;
  if (value >= least && value <= most) return value;
  throw notAllowed(name, given, `a whole number from ${least} to ${most}`);
}

/** Above 0, up to 1. */
export function shareFlag(flags: Flags, name: string): number | undefined {
  const given = textFlag(flags, name);
  if (given === undefined) return undefined;
  const value = given.trim() === "" ? NaN : Number(given);
  if (value > 0 && value <= 1) return value;
  throw notAllowed(name, given, "a number above 0, up to 1");
}

/** "14,21" */
export function indicesFlag(flags: Flags, name: string): readonly number[] | undefined {
  const given = textFlag(flags, name);
  if (given === undefined) return undefined;
  const parts = given.split(",").map((part) => part.trim());
  if (parts.every((part) => /^\d+$/.test(part))) return parts.map(Number);
  throw notAllowed(name, given, "whole numbers with commas between");
}

/** "1000,5000"; none if it is not given. */
export function sizesFlag(flags: Flags, name: string): readonly number[] {
  const given = textFlag(flags, name);
  if (given === undefined) return [];
  const sizes = given.split(",").map((part) => (/^\d{1,9}$/.test(part.trim()) ? Number(part) : 0));
  if (sizes.every((size) => size > 0)) return sizes;
  throw notAllowed(name, given, "whole numbers from 1 with commas between");
}

/** "100:200", ":200", "100:": from the first to the one before the last; an end that is not given is undefined. */
export function rangeFlag(
  flags: Flags,
  name: string,
): readonly [from: number | undefined, to: number | undefined] | undefined {
  const given = textFlag(flags, name);
  if (given === undefined) return undefined;
  const match = /^(\d*):(\d*)$/.exec(given.trim());
  if (match === null || given.trim() === ":") throw notAllowed(name, given, "a:b, those from a to b - 1");
  const [, from = "", to = ""] = match;
  return [from === "" ? undefined : Number(from), to === "" ? undefined : Number(to)];
}

function notAllowed(name: string, given: string, expected: string): InputError {
  return new InputError(`--${name}`, `"${given}" is not allowed; expected ${expected}`);
}
