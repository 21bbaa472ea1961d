import { levenbergMarquardt } from "ml-levenberg-marquardt";
import { InputError } from "../core/check.js";
import type { LengthPoint, LengthTable } from "./length-table.js";

/**
 * Output length under a policy over that without it: 1 + amplitude · exp(-decay · budget / length), an amplitude a policy
 * and one decay for all. It falls to 1 as the budget grows towards what there is to keep. A description of a few
 * published means, by our own choice of form; nothing says that other models and tasks follow it.
 */
export interface LengthFit {
  readonly title: string; // of the table
  readonly decay: number;
  readonly amplitudes: Readonly<Record<string, number>>; // by policy kind
  /** Root mean square, and largest, of fitted less published, as shares of the dense length. */
  readonly rmsError: number;
  readonly largestError: number;
  readonly points: readonly (LengthPoint & { readonly published: number; readonly fitted: number })[];
}

/** How a policy changes the lengths of a workload's outputs. */
export interface LengthChange {
  readonly fit: LengthFit;
  readonly policy: string; // kind
  readonly budget: number; // tokens
}

const MOST = 100; // of any parameter
const START = { decay: 5, amplitude: 1 };
/** Parameters are rounded, so that the last bits of a machine's exponential cannot reach a result. */
const DIGITS = 4;

/** Least squares over all points at once. Throws InputError, naming `path`, if the table cannot tell the decay. */
export function fitLengths({ title, points }: LengthTable, path: string): LengthFit {
  const policies = [...new Set(points.map(({ policy }) => policy))];
  const ratios = (policy: string): Set<number> =>
    new Set(
      points.filter((point) => point.policy === policy).map((point) => meanBudget(point) / point.denseMeanTokens),
    );
  if (!policies.some((policy) => ratios(policy).size > 1)) {
    throw new InputError(
      path,
      "no policy has points at two ratios of budget to length; how lengths fall cannot be told",
    );
  }
  const place = points.map(({ policy }) => policies.indexOf(policy));
  const { parameterValues } = levenbergMarquardt(
    { x: points.map((_, i) => i), y: points.map((point) => point.meanTokens / point.denseMeanTokens - 1) },
    ([decay = 0, ...amplitudes]: ArrayLike<number> & Iterable<number>) =>
      (i: number) =>
        (amplitudes[place[i] as number] as number) * falloff(points[i] as LengthPoint, decay),
    {
      initialValues: [START.decay, ...policies.map(() => START.amplitude)],
      minValues: [1 / MOST, ...policies.map(() => 0)],
      maxValues: [MOST, ...policies.map(() => MOST)],
      errorTolerance: 1e-12,
      gradientDifference: 1e-6,
      centralDifference: true,
      maxIterations: 1000,
    },
  );
  const [decay = 0, ...amplitudes] = parameterValues.map((value) => Number(value.toFixed(DIGITS)));
  const fitted = points.map((point, i) => ({
    ...point,
    published: point.meanTokens / point.denseMeanTokens,
    fitted: 1 + (amplitudes[place[i] as number] as number) * falloff(point, decay),
  }));
  const errors = fitted.map((point) => point.fitted - point.published);
  return {
    title,
    decay,
    amplitudes: Object.fromEntries(policies.map((policy, i) => [policy, amplitudes[i] as number])),
    rmsError: Math.sqrt(errors.reduce((sum, error) => sum + error * error, 0) / errors.length),
    largestError: Math.max(...errors.map(Math.abs)),
    points: fitted,
  };
}

/** Mean of the exponential over the budgets whose runs were averaged. */
function falloff({ budgets, denseMeanTokens }: LengthPoint, decay: number): number {
  const sum = budgets.reduce((all, budget) => all + Math.exp((-decay * budget) / denseMeanTokens), 0);
  return sum / budgets.length;
}

function meanBudget({ budgets }: LengthPoint): number {
  return budgets.reduce((sum, budget) => sum + budget, 0) / budgets.length;
}
