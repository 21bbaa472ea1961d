import { InputError } from "../core/check.js";
import { mixture, type Component, type Distribution, type Draw } from "./distribution.js";

/** A draw that a user wrote, and how it is named in notes. */
export interface NamedDraw {
  readonly name: string;
  readonly draw: Draw;
}

const FAMILIES: Readonly<Record<string, { readonly parameters: string; make(a: number, b: number): Distribution }>> = {
  exponential: { parameters: "MEAN", make: (mean) => ({ kind: "exponential", mean }) },
  lognormal: { parameters: "MU,SIGMA", make: (mu, sigma) => ({ kind: "lognormal", mu, sigma }) },
  gamma: { parameters: "SHAPE,SCALE", make: (shape, scale) => ({ kind: "gamma", shape, scale }) },
  weibull: { parameters: "SHAPE,SCALE", make: (shape, scale) => ({ kind: "weibull", shape, scale }) },
  pareto: { parameters: "MINIMUM,ALPHA", make: (minimum, alpha) => ({ kind: "pareto", minimum, alpha }) },
};

/** Most seconds that one draw yields, 11 days: a heavy tail must not run the clock out of its exact range by itself. */
const MAX_SECONDS = 1e6;

/** Times in seconds: "10" is always that, "exponential:10" and so on are drawn. `option` is for messages. */
export function parseSeconds(text: string | number, option: string): NamedDraw {
  const constant = Number(text);
  const written = String(text).trim();
  if (written !== "" && constant >= 0 && constant <= MAX_SECONDS) {
    return { name: `${constant} s`, draw: () => constant };
  }
  const [name = "", list, ...rest] = written.split(":");
  const family = Object.hasOwn(FAMILIES, name) ? FAMILIES[name] : undefined;
  const values = (list ?? "").split(",");
  const numbers = values.map(Number);
  const [a = NaN, b = NaN] = numbers;
  const wanted = family?.parameters.split(",").length;
  const positive = numbers.every(
    (value, i) => Number.isFinite(value) && (value > 0 || (name === "lognormal" && i === 0)),
  );
  if (family === undefined || rest.length > 0 || values.length !== wanted || values.includes("") || !positive) {
    const forms = Object.entries(FAMILIES).map(([kind, { parameters }]) => `${kind}:${parameters}`);
    throw new InputError(
      option,
      `"${written}" is not allowed; expected seconds from 0 to ${MAX_SECONDS}, or ${forms.join(", ")}`,
    );
  }
  const component: Component = { ...family.make(a, b), weight: 1 };
  const draw = mixture([component]);
  return { name: `${name}(${numbers.join(", ")}) s`, draw: (rng) => Math.min(MAX_SECONDS, draw(rng)) };
}

const MAX_COUNT = 1_000_000;

/** Whole numbers: "4" is always that, "geometric:4" has that mean and begins at `least`. */
export function parseCount(text: string | number, least: 0 | 1, option: string): NamedDraw {
  const written = String(text).trim();
  const constant = written === "" ? NaN : Number(written);
  if (Number.isSafeInteger(constant) && constant >= least && constant <= MAX_COUNT) {
    return { name: String(constant), draw: () => constant };
  }
  const match = /^geometric:([0-9.]+)$/.exec(written);
  const mean = Number(match?.[1]);
  if (!(mean > least && mean <= MAX_COUNT)) {
    throw new InputError(
      option,
      `"${written}" is not allowed; expected a whole number from ${least} to ${MAX_COUNT}, or geometric:MEAN with a mean above ${least}`,
    );
  }
  const more = Math.log1p(-1 / (mean - least + 1)); // of the chance to go on
  return {
    name: `geometric, mean ${mean}`,
    draw: (rng) => least + Math.min(MAX_COUNT, Math.floor(Math.log(1 - rng()) / more)),
  };
}
