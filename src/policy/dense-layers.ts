import type { Parameters, PolicyDefinition } from "./policy.js";

/** The parameter a wrapped policy has beside its own. */
export const DENSE_LAYERS = "denseLayers";

/**
 * A policy that leaves the first layers of a model dense. The policy itself is not changed: the layers counted by
 * `Policy.denseLayers` never ask it for a footprint.
 */
export function withDenseLayers(definition: PolicyDefinition, layers: number): PolicyDefinition {
  const parameters: Parameters = {
    ...definition.parameters,
    [DENSE_LAYERS]: {
      kind: "integer",
      default: layers,
      min: 0,
      max: 1024,
      help: "first layers that keep and read everything",
    },
  };
  return { ...definition, parameters, create: (values) => definition.create(values) };
}
