import { InputError } from "../core/check.js";
import { DENSE_LAYERS, withDenseLayers } from "./dense-layers.js";
import { guard, isFields, isStrings, requireCount, requireType, type Fields } from "./module-checks.js";
import { guardedLanes } from "./outside-lanes.js";
import type { LayerFootprint, Lengths, Policy, PolicyDefinition } from "./policy.js";
import { checkParameters } from "./spec.js";
import { createPolicy } from "./table.js";

/**
 * The policy a user's module exports by default, with the values given for it. Its footprints and choices are checked
 * each time: whatever is wrong with them is said with the name of the file.
 */
export function policyFromModule(
  moduleExports: unknown,
  path: string,
  values: Readonly<Record<string, string>> = {},
): Policy {
  const given = definitionOf(moduleExports, path);
  const definition = Object.hasOwn(given.parameters, DENSE_LAYERS) ? given : withDenseLayers(given, 0);
  const checked = checkParameters(definition, values, path);
  const guarded: PolicyDefinition = {
    ...definition,
    create(parameters) {
      const body = guard(path, "create", () => definition.create(parameters));
      requireBody(body, path);
      const footprint = (lengths: Lengths): LayerFootprint => {
        const where = `footprint({ prompt: ${lengths.prompt}, generated: ${lengths.generated} })`;
        const print: unknown = guard(path, where, () => body.footprint(lengths));
        requireFootprint(print, path, where);
        return print;
      };
      return { ...body, footprint, ...(body.lanes === undefined ? {} : { lanes: guardedLanes(body.lanes, path) }) };
    },
  };
  return createPolicy(path, guarded, checked);
}

function definitionOf(moduleExports: unknown, path: string): PolicyDefinition {
  const definition = isFields(moduleExports) ? moduleExports["default"] : undefined;
  if (!isFields(definition)) throw new InputError(path, "has no default export that is a policy definition");
  for (const key of ["title", "source"]) requireType(definition, key, "string", path, "default export");
  requireType(definition, "create", "function", path, "default export");
  const parameters = definition["parameters"];
  if (!isFields(parameters)) throw new InputError(path, "default export: parameters is not an object");
  for (const [key, parameter] of Object.entries(parameters)) requireParameter(key, parameter, path);
  return definition as unknown as PolicyDefinition;
}

function requireParameter(key: string, parameter: unknown, path: string): void {
  const where = `parameters.${key}`;
  if (!/^[A-Za-z]\w*$/.test(key)) throw new InputError(path, `${where}: a name is letters, digits and _ only`);
  if (!isFields(parameter)) throw new InputError(path, `${where} is not an object`);
  requireType(parameter, "help", "string", path, where);
  const value = parameter["default"];
  switch (parameter["kind"]) {
    case "integer":
    case "number": {
      for (const field of ["default", "min", "max"]) requireType(parameter, field, "number", path, where);
      const [min, max] = [Number(parameter["min"]), Number(parameter["max"])];
      if (!(min <= Number(value) && Number(value) <= max)) {
        throw new InputError(path, `${where}: default ${String(value)} is not between min ${min} and max ${max}`);
      }
      return;
    }
    case "boolean":
      return requireType(parameter, "default", "boolean", path, where);
    case "choice": {
      const choices = parameter["choices"];
      if (!isStrings(choices)) throw new InputError(path, `${where}: choices is not a list of strings`);
      if (!choices.some((choice) => choice === value)) {
        throw new InputError(path, `${where}: default ${String(value)} is not among ${choices.join(", ")}`);
      }
      return;
    }
    default:
      throw new InputError(path, `${where}: kind is none of integer, number, boolean, choice`);
  }
}

function requireBody(body: unknown, path: string): void {
  const where = "what create returns";
  if (!isFields(body)) throw new InputError(path, `${where} is not an object`);
  requireType(body, "label", "string", path, where);
  requireType(body, "footprint", "function", path, where);
  requireCount(body, "indexPageTokens", path, where);
  if (!isStrings(body["notes"])) throw new InputError(path, `${where}: notes is not a list of strings`);
  if (body["dataDependent"] !== undefined && body["dataDependent"] !== true) {
    throw new InputError(path, `${where}: dataDependent is neither true nor left out`);
  }
  const work = body["work"];
  if (!isFields(work)) throw new InputError(path, `${where}: work is not an object`);
  for (const key of ["materialisesScores", "selects", "comparesKeys"]) {
    requireType(work, key, "boolean", path, `${where}: work`);
  }
  requireCount(work, "compressEverySteps", path, `${where}: work`);
  const share = work["representativeShare"];
  if (typeof share !== "number" || !Number.isFinite(share) || share < 0) {
    throw new InputError(path, `${where}: work.representativeShare is ${String(share)}, not a number of at least 0`);
  }
}

function requireFootprint(print: unknown, path: string, where: string): asserts print is LayerFootprint {
  if (!isFields(print)) throw new InputError(path, `${where} is not an object`);
  for (const key of ["resident", "read", "scored"]) {
    const line = print[key];
    if (!isFields(line)) throw new InputError(path, `${where}: ${key} is not { now, perStep }`);
    requireCount(line, "now", path, `${where}: ${key}`);
    requireCount(line, "perStep", path, `${where}: ${key}`);
  }
  const slope = Number((print["resident"] as Fields)["perStep"]);
  if (slope > 1) throw new InputError(path, `${where}: resident.perStep is ${slope}; allowed are 0 and 1`);
  const steps = print["steadyFor"];
  if (steps !== Infinity && !(Number.isSafeInteger(steps) && Number(steps) >= 1)) {
    throw new InputError(path, `${where}: steadyFor is ${String(steps)}, not a whole number of at least 1 or Infinity`);
  }
}
