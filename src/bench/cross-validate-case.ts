import { resolveProfile } from "../cli/resolve.js";
import { textTable } from "../report/text-table.js";
import { OTHER_ENGINES, type MeasuredCase } from "../validate/case.js";
import { CASES } from "../validate/cases.js";
import { crossValidate, simulator, type CrossValidation } from "../validate/cross-validate.js";
import { GAP_TERMS, HOST_TERMS } from "../validate/terms.js";

/** Runs whose names begin so, or those of the engines that are modelled. */
export function fittedCases(beginning: string | undefined): readonly MeasuredCase[] {
  return CASES.filter(({ name, target }) =>
    beginning === undefined ? !OTHER_ENGINES.includes(target) : name.startsWith(beginning),
  );
}

/** Host and gap terms, fitted to all experiments and to all but one. */
export function crossValidation(cases: readonly MeasuredCase[]): CrossValidation {
  const terms = [...HOST_TERMS, ...GAP_TERMS];
  return crossValidate(cases, terms, simulator(terms, resolveProfile), (text) =>
    process.stderr.write(`fit: ${text}\n`),
  );
}

export function crossValidationTable(found: CrossValidation): string {
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  const row = (name: string, errors: readonly number[], factors: readonly number[]): readonly string[] => [
    name,
    ...errors.map(percent),
    ...factors.map((factor) => factor.toFixed(2)),
  ];
  const columns = ["experiment", "as it is", "fitted", "left out", ...found.terms];
  return textTable(
    columns.map((title) => ({ title })),
    [
      ...found.experiments.map((each) =>
        row(each.experiment, [each.unfitted, each.fitted, each.leftOut], each.factors),
      ),
      row("mean; factors of all", [found.unfitted, found.fitted, found.leftOut], found.factors),
    ],
  );
}
