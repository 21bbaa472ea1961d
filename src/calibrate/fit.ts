import { levenbergMarquardt } from "ml-levenberg-marquardt";
import { stream, type Rng } from "../core/rng.js";
import type { HardwareProfile } from "../hardware/profile.js";
import type { OperatorForm, ParameterRange, Values } from "./operator-form.js";
import type { KernelSample } from "./sample.js";

/** More samples than this change the parameters by less than their noise: a drawn part is fitted. */
const FITTED_SAMPLES = 1000;
const STARTS = 2;
/** Rounds of least squares; from the second on, samples far off weigh less, so that a table's outliers do not decide. */
const ROUNDS = 3;
/** Residual in log time below which all samples weigh the same. */
const INLIER = 0.05;
/** Steps of the logarithms of parameters wide enough to look over the corners of a form, and cautious ones. */
const SEARCH = {
  gradientDifference: 0.02,
  centralDifference: true,
  damping: 100,
  dampingStepUp: 4,
  dampingStepDown: 3,
  maxIterations: 25,
  errorTolerance: 1e-9,
} as const;

/**
 * The parameters whose form is nearest to the samples: least squares in log time over the logarithms of the parameters,
 * with bounds, from several starts, of which the least mean absolute error in log time wins.
 */
export function fitForm<S extends KernelSample>(
  form: OperatorForm<S>,
  samples: readonly S[],
  device: HardwareProfile,
  seed: number,
): Values {
  const random = stream(seed, `fit ${form.name}`);
  const fitted = drawn(samples, FITTED_SAMPLES, random);
  const keys = Object.keys(form.parameters);
  const ranges = Object.values(form.parameters);
  const x = fitted.map((_, i) => i);
  const measured = fitted.map(({ seconds }) => Math.log(seconds));
  // A small table's classes have too few shapes to decide anything.
  const shares = samples.length > FITTED_SAMPLES ? sizeShares(form.size, fitted) : fitted.map(() => 1);
  const logOf = (logs: ArrayLike<number>) => {
    const predicted = form.predictor(device, valuesOf(keys, logs));
    return (i: number) => Math.log(predicted(fitted[i] as S));
  };
  let best: { readonly logs: readonly number[]; readonly error: number } | undefined;
  const keep = (logs: readonly number[]): readonly number[] => {
    const at = logOf(logs);
    const residuals = x.map((i) => Math.abs(at(i) - (measured[i] as number)));
    const error = residuals.reduce((sum, residual, i) => sum + (shares[i] as number) * residual, 0);
    if (best === undefined || error < best.error) best = { logs, error };
    return residuals;
  };
  for (let start = 0; start < STARTS; start++) {
    let logs: readonly number[] = ranges.map((range) => startOf(range, start === 0 ? undefined : random));
    for (let round = 0; round < ROUNDS; round++) {
      const residuals = keep(logs);
      // Both sides are multiplied: the library weighs errors and steps apart.
      const weights = residuals.map(
        (residual, i) => Math.sqrt(shares[i] as number) * (round === 0 ? 1 : (residual ** 2 + INLIER ** 2) ** -0.25),
      );
      const weighted = (at: ArrayLike<number>) => {
        const predicted = logOf(at);
        return (i: number) => (weights[i] as number) * predicted(i);
      };
      logs = levenbergMarquardt({ x, y: measured.map((y, i) => y * (weights[i] as number)) }, weighted, {
        initialValues: logs,
        minValues: ranges.map(({ min }) => Math.log(min)),
        maxValues: ranges.map(({ max }) => Math.log(max)),
        ...SEARCH,
      }).parameterValues;
    }
    keep(logs);
  }
  return valuesOf(keys, best?.logs ?? []);
}

/** Weights by which every class of sizes counts alike: tables have most shapes where engines spend least time. */
function sizeShares<S extends KernelSample>(
  { of, edges }: OperatorForm<S>["size"],
  samples: readonly S[],
): readonly number[] {
  const classOf = samples.map((sample) => edges.filter((edge) => of(sample) > edge).length);
  const counts = new Map<number, number>();
  for (const each of classOf) counts.set(each, (counts.get(each) ?? 0) + 1);
  return classOf.map((each) => samples.length / counts.size / (counts.get(each) as number));
}

function startOf({ start, min, max }: ParameterRange, random: Rng | undefined): number {
  const log = Math.log(start) + (random === undefined ? 0 : 1.5 * (random() - 0.5));
  return Math.min(Math.log(max), Math.max(Math.log(min), log));
}

const DIGITS = 4;

/** Rounded as a profile keeps them, so that it predicts what was fitted. */
function valuesOf(keys: readonly string[], logs: ArrayLike<number>): Values {
  return Object.fromEntries(keys.map((key, i) => [key, Math.exp(logs[i] as number)]));
}

/** To the digits that a profile keeps. */
export function rounded(values: Values): Values {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, Number(value.toPrecision(DIGITS))]));
}

/** A random part of at most `count`, in the order given. */
function drawn<T>(all: readonly T[], count: number, random: Rng): readonly T[] {
  const keep = count / all.length;
  return keep >= 1 ? all : all.filter(() => random() < keep);
}
