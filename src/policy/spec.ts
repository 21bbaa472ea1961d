import { InputError } from "../core/check.js";
import type { Parameter, ParameterValue, PolicyDefinition } from "./policy.js";

type RawValues = Readonly<Record<string, string>>;

/** What a specification names: a policy of the table, or the module of an outside one. Values are as written. */
export type PolicySpec =
  | { readonly kind: "table"; readonly name: string; readonly values: RawValues }
  | { readonly kind: "outside"; readonly path: string; readonly values: RawValues };

const MOST_SPECS = 1000;

/** Reads one specification: "quest:budget=1024,page=16", "./mine.mjs:budget=512". */
export function parsePolicySpec(text: string): PolicySpec {
  const [spec, ...others] = expandPolicySpecs(text);
  if (spec === undefined || others.length > 0) {
    throw new InputError("policy", `"${text}" stands for ${others.length + 1} policies; one is wanted`);
  }
  return spec;
}

/**
 * Reads a list of specifications. A comma before `key=` goes on with the policy's parameters, any other starts the next
 * policy; `|` separates alternatives: "dense,raas:budget=512|1024,page=16" is three policies.
 */
export function expandPolicySpecs(text: string): PolicySpec[] {
  const policies: { head: string; pairs: string[] }[] = [];
  for (const piece of text.split(",").map((part) => part.trim())) {
    if (piece === "") throw new InputError("policy", `"${text}" has an empty entry; write name:key=value,key=value`);
    const open = policies.at(-1);
    if (/^\w+\s*=/.test(piece)) {
      if (open === undefined)
        throw new InputError("policy", `"${piece}" stands before any policy; write name:${piece}`);
      open.pairs.push(piece);
    } else {
      policies.push(splitHead(piece));
    }
  }
  const specs = policies.flatMap(({ head, pairs }) => expandOne(head, pairs));
  if (specs.length > MOST_SPECS) {
    throw new InputError("policy", `stands for ${specs.length} policies; at most ${MOST_SPECS} are allowed`);
  }
  return specs;
}

/** "quest:budget=1024" → quest and its first pair. The last colon counts: a path may hold others. */
function splitHead(piece: string): { head: string; pairs: string[] } {
  const colon = piece.lastIndexOf(":");
  if (colon < 0) return { head: piece, pairs: [] };
  const pair = piece.slice(colon + 1).trim();
  if (!/^\w+\s*=/.test(pair)) {
    if (isModulePath(piece)) return { head: piece, pairs: [] }; // a drive letter's colon
    throw new InputError("policy", `"${piece}": after the colon comes key=value, found "${pair}"`);
  }
  return { head: piece.slice(0, colon).trim(), pairs: [pair] };
}

function expandOne(head: string, pairs: readonly string[]): PolicySpec[] {
  if (head === "") throw new InputError("policy", `":${pairs.join(",")}" has no name before the colon`);
  if (head.includes("|")) {
    throw new InputError("policy", `"${head}": | separates values of a parameter; policies are separated by commas`);
  }
  let combinations: Record<string, string>[] = [{}];
  const seen = new Set<string>();
  for (const pair of pairs) {
    const equals = pair.indexOf("=");
    const key = pair.slice(0, equals).trim();
    if (seen.has(key)) throw new InputError(`policy ${head}`, `${key} is given twice; separate alternatives with |`);
    seen.add(key);
    const values = pair
      .slice(equals + 1)
      .split("|")
      .map((value) => value.trim());
    if (values.includes("")) throw new InputError(`policy ${head}`, `${key} has no value in "${pair}"`);
    if (combinations.length * values.length > MOST_SPECS) {
      throw new InputError(`policy ${head}`, `stands for more than ${MOST_SPECS} policies`);
    }
    combinations = combinations.flatMap((given) => values.map((value) => ({ ...given, [key]: value })));
  }
  return combinations.map((values) =>
    isModulePath(head) ? { kind: "outside", path: head, values } : { kind: "table", name: head, values },
  );
}

function isModulePath(head: string): boolean {
  return /^(\.{1,2})?[\\/]/.test(head) || /^[A-Za-z]:[\\/]/.test(head) || /\.m?js$/.test(head);
}

/** The values of a specification as the definition types them, complete. Throws InputError beginning with `path`. */
export function checkParameters(
  definition: PolicyDefinition,
  raw: RawValues,
  path: string,
): Readonly<Record<string, ParameterValue>> {
  const known = Object.keys(definition.parameters);
  for (const key of Object.keys(raw)) {
    if (Object.hasOwn(definition.parameters, key)) continue;
    const help = known.length === 0 ? "it has none" : `known are ${known.join(", ")}`;
    throw new InputError(path, `has no parameter ${key}; ${help}`);
  }
  const values: Record<string, ParameterValue> = {};
  for (const [key, parameter] of Object.entries(definition.parameters)) {
    const text = Object.hasOwn(raw, key) ? raw[key] : undefined;
    values[key] = text === undefined ? parameter.default : parseValue(key, text, parameter, path);
  }
  return values;
}

function parseValue(key: string, text: string, parameter: Parameter, path: string): ParameterValue {
  const wrong = (problem: string): InputError =>
    new InputError(path, `${key}=${text} ${problem}; allowed: ${allowedValues(parameter)}`);
  switch (parameter.kind) {
    case "choice":
      if (!parameter.choices.includes(text)) throw wrong("is not one of its choices");
      return text;
    case "boolean":
      if (text !== "true" && text !== "false") throw wrong("is neither true nor false");
      return text === "true";
    default: {
      const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN;
      if (Number.isNaN(value)) throw wrong("is not a number");
      if (parameter.kind === "integer" && !Number.isInteger(value)) throw wrong("is not a whole number");
      if (value < parameter.min || value > parameter.max) throw wrong("is out of range");
      if (parameter.powerOfTwo === true && !Number.isInteger(Math.log2(value))) throw wrong("is not a power of two");
      return value;
    }
  }
}

/** In words: "whole numbers from 16 to 1048576". */
function allowedValues(parameter: Parameter): string {
  switch (parameter.kind) {
    case "choice":
      return parameter.choices.join(", ");
    case "boolean":
      return "true, false";
    default: {
      const what =
        parameter.powerOfTwo === true ? "powers of two" : parameter.kind === "integer" ? "whole numbers" : "numbers";
      return `${what} from ${parameter.min} to ${parameter.max}`;
    }
  }
}
