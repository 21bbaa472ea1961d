import { InputError } from "../core/check.js";
import type { MeasuredCase, Publication } from "./case.js";
import { CASES, PUBLISHED } from "./cases.js";
import { predict, type Profiles } from "./predict.js";
import type { Metrics } from "../serve/outcome.js";
import { score, targetResults, type ScoredCase, type TargetResult } from "./score.js";

/** Measured runs, what was predicted of them, and how far that is from the targets. */
export interface Validation {
  readonly scored: readonly ScoredCase[];
  readonly targets: readonly TargetResult[];
  readonly publications: readonly Publication[]; // of these runs
}

/** Simulates the runs one after another; `progress` hears how many are done before each. */
export function validation(
  cases: readonly MeasuredCase[],
  profiles: Profiles,
  progress: (done: number) => void = () => {},
): Validation {
  const known = new Map<string, Metrics>();
  const figures = (measuredCase: MeasuredCase): Metrics => {
    const { name, throughputOver = {} } = measuredCase;
    const found = known.get(name);
    if (found !== undefined) return found;
    const own = predict(measuredCase, profiles);
    const ratios = Object.entries(throughputOver).map(([metric, base]) => {
      const other = CASES.find((each) => each.name === base);
      if (other === undefined) throw new InputError(name, `there is no run ${base} to compare with`);
      return [metric, Number(own["output_throughput"]) / Number(figures(other)["output_throughput"])];
    });
    const all: Metrics = { ...own, ...Object.fromEntries(ratios) };
    known.set(name, all);
    return all;
  };
  const scored = cases.map((measuredCase, done) => {
    progress(done);
    return score(measuredCase, figures(measuredCase));
  });
  const names = new Set(cases.map(({ publication }) => publication));
  return { scored, targets: targetResults(scored), publications: [...names].map((name) => PUBLISHED[name]) };
}

/** Plain data of it, for JSON. */
export function validationData({ scored, targets, publications }: Validation, version: string): object {
  const cases = scored.map(({ measuredCase, comparisons }) => {
    const { name, publication, run, target, options } = measuredCase;
    return { name, publication, run, target, options, comparisons };
  });
  return { version, publications, targets, cases };
}
