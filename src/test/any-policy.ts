import fc from "fast-check";
import { InputError } from "../core/check.js";
import type { Parameter, ParameterValue, Policy, PolicyDefinition } from "../policy/policy.js";
import { createPolicy, POLICIES, type PolicyName } from "../policy/table.js";

/** Any policy of a definition whose parameters it does not refuse; budgets are up to so many pages of 16. */
export function anyPolicy(name: PolicyName, budgetPages = 80): fc.Arbitrary<Policy> {
  const definition = POLICIES[name];
  const model = Object.entries(definition.parameters).map(
    ([key, parameter]) => [key, anyValue(key, parameter, budgetPages)] as const,
  );
  return fc
    .record<Record<string, ParameterValue>>(Object.fromEntries(model))
    .map((values) => accepted(name, definition, values))
    .filter((policy) => policy !== undefined);
}

function anyValue(key: string, parameter: Parameter, budgetPages: number): fc.Arbitrary<ParameterValue> {
  switch (parameter.kind) {
    case "choice":
      // a footprint that refuses some prompts obeys no law there
      return fc.constantFrom(...parameter.choices.filter((choice) => choice !== "error"));
    case "boolean":
      return fc.boolean();
    case "number":
      return fc.double({ min: parameter.min, max: parameter.max, noNaN: true });
    case "integer": {
      if (key === "budget") return fc.integer({ min: 1, max: budgetPages }).map((pages) => pages * 16);
      if (parameter.powerOfTwo === true) return fc.integer({ min: 0, max: 4 }).map((power) => 2 ** power);
      const { min, max, default: usual } = parameter;
      const near = fc.integer({ min, max: Math.min(max, Math.max(2 * usual, min + 8)) });
      return fc.oneof(near, fc.integer({ min, max: Math.min(max, 300) }));
    }
  }
}

/** Undefined if the policy refuses the values. */
function accepted(
  name: PolicyName,
  definition: PolicyDefinition,
  values: Readonly<Record<string, ParameterValue>>,
): Policy | undefined {
  try {
    return createPolicy(name, definition, values);
  } catch (refusal) {
    if (refusal instanceof InputError) return undefined;
    throw refusal;
  }
}
