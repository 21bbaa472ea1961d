import { InputError } from "../core/check.js";
import type { MeasuredCase } from "./case.js";
import { fitFactors, type Observation } from "./fit-factors.js";
import { predict, type Profiles } from "./predict.js";
import { mean } from "./score.js";
import { withFactors, type Term } from "./terms.js";

/** Figures that a fit is made to, where a run has them. */
const FIT_METRICS: readonly string[] = ["mean_ttft_ms", "mean_tpot_ms", "median_itl_ms"];

/** Predicted figures of one run with the terms scaled, by vLLM's names. */
export type Simulate = (
  measuredCase: MeasuredCase,
  factors: readonly number[],
) => Readonly<Record<string, number | null>>;

/** Mean sizes of errors: of an experiment over its figures, of several over the experiments. */
export interface CrossValidation {
  readonly terms: readonly string[];
  readonly metrics: readonly string[];
  readonly factors: readonly number[]; // fitted to all experiments
  readonly unfitted: number; // error with every factor 1
  readonly fitted: number; // of experiments that the fit has seen
  readonly leftOut: number; // of each with what was fitted to the others
  readonly experiments: readonly LeftOut[];
}

export interface LeftOut {
  readonly experiment: string;
  readonly factors: readonly number[]; // fitted to the others
  readonly unfitted: number;
  readonly fitted: number; // with the factors of all
  readonly leftOut: number;
}

/** Step of differences: simulations are not smooth, so it is no small one. */
const STEP = 0.2;

/** The simulator itself, each run simulated once for the same factors. */
export function simulator(terms: readonly Term[], profiles: Profiles): Simulate {
  const known = new Map<string, ReturnType<Simulate>>();
  return (measuredCase, factors) => {
    const key = `${measuredCase.name} ${factors.join(" ")}`;
    const found = known.get(key) ?? predict(measuredCase, profiles, (subject) => withFactors(subject, terms, factors));
    known.set(key, found);
    return found;
  };
}

/** A figure of a run, as a function of the factors. */
export interface Figure {
  readonly measured: number;
  readonly weight: number;
  readonly predicted: (factors: readonly number[]) => number;
}

/** Figures with their slopes at some factors, which takes one simulation a factor and one more. */
export function linearised(figures: readonly Figure[], at: readonly number[]): readonly Observation[] {
  return figures.map(({ measured, weight, predicted }) => {
    const here = predicted(at);
    const slopes = at.map((_, j) => {
      const there = at.map((factor, i) => (i === j ? factor + STEP : factor));
      return (predicted(there) - here) / STEP;
    });
    return { measured, weight, predicted: here, slopes };
  });
}

/**
 * Fits a factor for each term to all experiments, in two steps, and from there again to all but one, for each of them: the
 * error of those left out is what to expect of runs that nobody has measured. Experiments weigh alike, however many runs
 * they have.
 */
export function crossValidate(
  cases: readonly MeasuredCase[],
  terms: readonly Term[],
  simulate: Simulate,
  progress: (text: string) => void = () => {},
): CrossValidation {
  const names = [...new Set(cases.map(({ experiment }) => experiment))];
  if (names.length < 2) throw new InputError("cases", "leaving one experiment out needs at least two");
  const figures = names.map((name) => experimentFigures(cases, name, simulate));
  const none = terms.map(() => 1);
  progress("slopes of all runs");
  const first = fitFactors(linearised(figures.flat(), none), none);
  progress("slopes near the fit");
  const near = figures.map((each) => linearised(each, first));
  const factors = fitFactors(near.flat(), first);
  const error = (each: readonly Figure[], by: readonly number[]): number =>
    mean(each.map(({ measured, predicted }) => Math.abs(predicted(by) / measured - 1)));
  const rows = names.map((experiment, left): LeftOut => {
    progress(`without ${experiment}`);
    const without = fitFactors(near.filter((_, i) => i !== left).flat(), first);
    const own = figures[left] as readonly Figure[];
    return {
      experiment,
      factors: without,
      unfitted: error(own, none),
      fitted: error(own, factors),
      leftOut: error(own, without),
    };
  });
  return {
    terms: terms.map(({ name }) => name),
    metrics: FIT_METRICS,
    factors,
    unfitted: mean(rows.map(({ unfitted }) => unfitted)),
    fitted: mean(rows.map(({ fitted }) => fitted)),
    leftOut: mean(rows.map(({ leftOut }) => leftOut)),
    experiments: rows,
  };
}

function experimentFigures(cases: readonly MeasuredCase[], name: string, simulate: Simulate): readonly Figure[] {
  const pairs = cases
    .filter(({ experiment }) => experiment === name)
    .flatMap((measuredCase) =>
      FIT_METRICS.filter((metric) => metric in measuredCase.measured).map((metric) => ({ measuredCase, metric })),
    );
  return pairs.map(({ measuredCase, metric }) => ({
    measured: measuredCase.measured[metric] as number,
    weight: 1 / pairs.length,
    predicted: (factors) => Number(simulate(measuredCase, factors)[metric]),
  }));
}
