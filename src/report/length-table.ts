import type { Outcome } from "../serve/outcome.js";
import { integer, percent } from "./format.js";
import type { ReportTable } from "./report.js";

type LengthFit = NonNullable<Outcome["lengthChange"]>["fit"];

/** The form that was fitted, its parameters and its error. */
export function lengthForm({ title, decay, amplitudes, rmsError, largestError }: LengthFit): string {
  const each = Object.entries(amplitudes).map(([policy, amplitude]) => `${policy} ${amplitude}`);
  return (
    `Output length over dense length = 1 + amplitude · exp(-${decay} · budget / dense length), fitted to ${title}; ` +
    `amplitudes: ${each.join(", ")}; error ${percent(rmsError)} of the dense length (root mean square), at most ${percent(largestError)}`
  );
}

/** What was published of output lengths under policies, beside what the fit to it says. */
export function lengthTable({ points }: LengthFit): ReportTable {
  return {
    title: "Length inflation: published and fitted",
    columns: ["policy", "budget", "dense tokens", "tokens", "ratio", "fit", "error", "source"],
    rows: points.map(({ policy, budgets, denseMeanTokens, meanTokens, published, fitted, source }) => [
      policy,
      budgets.map(integer).join(", "),
      integer(denseMeanTokens),
      integer(meanTokens),
      published.toFixed(3),
      fitted.toFixed(3),
      (fitted - published).toFixed(3),
      source,
    ]),
  };
}

/** The table of each fit that these outcomes used: one or none. */
export function lengthTables(outcomes: readonly Pick<Outcome, "lengthChange">[]): readonly ReportTable[] {
  const fit = outcomes.find(({ lengthChange }) => lengthChange !== undefined)?.lengthChange?.fit;
  return fit === undefined ? [] : [lengthTable(fit)];
}
