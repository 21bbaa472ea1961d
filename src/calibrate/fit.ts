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
const STEP = 1e-3; // of the logarithm of a parameter

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
  const y = fitted.map(({ seconds }) => Math.log(seconds));
  const model = (logs: ArrayLike<number>) => {
    const values = valuesOf(keys, logs);
    return (i: number) => Math.log(form.seconds(fitted[i] as S, device, values));
  };
  let best: { readonly logs: readonly number[]; readonly error: number } | undefined;
  for (let start = 0; start < STARTS; start++) {
    let logs = ranges.map((range) => startOf(range, start === 0 ? undefined : random));
    for (let round = 0; round < ROUNDS; round++) {
      const at = model(logs);
      const deviations = x.map((i) => (round === 0 ? 1 : Math.sqrt(Math.hypot(at(i) - (y[i] as number), INLIER))));
      logs = levenbergMarquardt({ x, y }, model, {
        initialValues: logs,
        minValues: ranges.map(({ min }) => Math.log(min)),
        maxValues: ranges.map(({ max }) => Math.log(max)),
        weights: deviations,
        gradientDifference: STEP,
        centralDifference: false,
        damping: 1,
        maxIterations: 15,
        errorTolerance: 1e-9,
      }).parameterValues;
    }
    const at = model(logs);
    const error = x.reduce((sum, i) => sum + Math.abs(at(i) - (y[i] as number)), 0);
    if (best === undefined || error < best.error) best = { logs, error };
  }
  return valuesOf(keys, best?.logs ?? []);
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
