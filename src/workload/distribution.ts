import { randomBeta, randomExponential, randomGamma, randomLogNormal, randomPareto, randomWeibull } from "d3-random";
import { check } from "../core/check.js";
import type { Rng } from "../core/rng.js";

/** A family with its parameters; values are tokens (before rounding). Mu and sigma are of the natural logarithm. */
export type Distribution =
  | { readonly kind: "lognormal"; readonly mu: number; readonly sigma: number }
  | { readonly kind: "weibull"; readonly shape: number; readonly scale: number }
  | { readonly kind: "gamma"; readonly shape: number; readonly scale: number }
  | { readonly kind: "exponential"; readonly mean: number }
  | { readonly kind: "pareto"; readonly minimum: number; readonly alpha: number }
  | { readonly kind: "beta"; readonly alpha: number; readonly beta: number };

export type Component = Distribution & { readonly weight: number };

/** Draws one value from the given stream. */
export type Draw = (rng: Rng) => number;

/**
 * A sampler bound to its stream, kept as long as the stream lives: the normal generator inside gamma and lognormal draws
 * values in pairs and keeps the second.
 */
export function perStream(make: (rng: Rng) => () => number): Draw {
  const samplers = new WeakMap<Rng, () => number>();
  return (rng) => {
    let sampler = samplers.get(rng);
    if (sampler === undefined) {
      sampler = make(rng);
      samplers.set(rng, sampler);
    }
    return sampler();
  };
}

function sampler(distribution: Distribution, rng: Rng): () => number {
  switch (distribution.kind) {
    case "lognormal":
      return randomLogNormal.source(rng)(distribution.mu, distribution.sigma);
    case "weibull":
      return randomWeibull.source(rng)(distribution.shape, 0, distribution.scale);
    case "gamma":
      return randomGamma.source(rng)(distribution.shape, distribution.scale);
    case "exponential":
      return randomExponential.source(rng)(1 / distribution.mean);
    case "pareto": {
      const unit = randomPareto.source(rng)(distribution.alpha);
      return () => distribution.minimum * unit();
    }
    case "beta":
      return randomBeta.source(rng)(distribution.alpha, distribution.beta);
  }
}

/** Picks a component by weight (weights need not sum to 1), then draws from it. */
export function mixture(components: readonly Component[]): Draw {
  const total = components.reduce((sum, { weight }) => sum + weight, 0);
  check(total > 0, "a mixture without weight");
  return perStream((rng) => {
    const samplers = components.map((component) => sampler(component, rng));
    const last = samplers.length - 1;
    return () => {
      let rest = last === 0 ? 0 : rng() * total;
      let index = 0;
      while (index < last && rest >= (components[index] as Component).weight) {
        rest -= (components[index] as Component).weight;
        index++;
      }
      return (samplers[index] as () => number)();
    };
  });
}

/** "0.767 lognormal(6.44, 0.709) + …", for names and reports. */
export function describe(components: readonly Component[]): string {
  return components
    .map((component) => {
      const { kind, weight, ...parameters } = component;
      const text = `${kind}(${Object.values(parameters).join(", ")})`;
      return components.length === 1 ? text : `${weight} ${text}`;
    })
    .join(" + ");
}
