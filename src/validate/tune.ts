import { hostParameters } from "../serve/engine-defaults.js";
import type { ScenarioOptions } from "../serve/options.js";
import type { Metrics } from "../serve/outcome.js";
import { linearised, type Figure } from "./cross-validate.js";
import { fitFactors } from "./fit-factors.js";
import type { MeasuredRun } from "./measured-run.js";
import { mean } from "./score.js";

/** Host terms that fit a server, as options of a scenario; never the physics of its GPU. */
export interface TunedHost {
  readonly options: Readonly<Record<HostOption, number>>; // seconds
  readonly before: number; // mean size of the errors of TTFT and TPOT
  readonly after: number;
  /** Terms that no figure depends on: they stay as they were. */
  readonly idle: readonly HostOption[];
}

const HOST_OPTIONS = ["host-step-time", "host-sequence-time", "front-end-time"] as const;
export type HostOption = (typeof HOST_OPTIONS)[number];

/** Figures that host terms show in. */
const METRICS = ["mean_ttft_ms", "mean_tpot_ms"] as const;
/** Largest change of a figure, as a share, that a term may make and still count as none. */
const NOTHING = 1e-4;

/** Predicts a run with some of its scenario's options replaced. */
export type SimulateRun = (run: MeasuredRun, changed: Readonly<Record<string, number>>) => Metrics;

/**
 * Fits the host terms to measured runs of one server. With a single run the time of a step and that of a sequence look
 * alike: the latter stays as it is.
 */
export function tuneHost(runs: readonly MeasuredRun[], options: ScenarioOptions, simulate: SimulateRun): TunedHost {
  const host = hostParameters(options);
  const seconds: Readonly<Record<HostOption, number>> = {
    "host-step-time": host.stepSeconds,
    "host-sequence-time": host.sequenceSeconds,
    "front-end-time": host.frontEndSeconds,
  };
  const fitted = HOST_OPTIONS.filter((name) => seconds[name] > 0 && (runs.length > 1 || name !== "host-sequence-time"));
  const changed = (factors: readonly number[]): Readonly<Record<string, number>> =>
    Object.fromEntries(fitted.map((name, i) => [name, seconds[name] * (factors[i] as number)]));
  const known = new Map<string, Metrics>();
  const predicted = (run: MeasuredRun, metric: string, factors: readonly number[]): number => {
    const key = `${run.path} ${factors.join(" ")}`;
    const metrics = known.get(key) ?? simulate(run, changed(factors));
    known.set(key, metrics);
    return Number(metrics[metric]);
  };
  const figures: readonly Figure[] = runs.flatMap((run) =>
    METRICS.flatMap((metric) => {
      const measured = run.metrics[metric];
      return measured === undefined
        ? []
        : [{ measured, weight: 1, predicted: (factors) => predicted(run, metric, factors) }];
    }),
  );
  const start = fitted.map(() => 1);
  const observations = linearised(figures, start);
  const idle = fitted.filter((_, j) =>
    observations.every(({ slopes, measured }) => Math.abs(slopes[j] as number) < NOTHING * measured),
  );
  const first = fitFactors(observations, start);
  const factors = fitFactors(linearised(figures, first), first); // again from there: nearly linear is not linear
  const error = (at: readonly number[]): number =>
    mean(figures.map((figure) => Math.abs(figure.predicted(at) / figure.measured - 1)));
  return { options: { ...seconds, ...changed(factors) }, before: error(start), after: error(factors), idle };
}
