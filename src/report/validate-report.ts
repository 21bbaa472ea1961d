import type { Publication } from "../validate/case.js";
import type { ScoredCase, TargetResult } from "../validate/score.js";
import { validationErrors } from "./charts/validation-errors.js";
import { validationScatter } from "./charts/validation-scatter.js";
import type { Report } from "./report.js";
import { caseRows, CASE_COLUMNS, TARGET_COLUMNS, targetTableRows } from "./validate-table.js";

/** Predictions beside published measurements, with what the targets ask. */
export function validateReport(
  scored: readonly ScoredCase[],
  targets: readonly TargetResult[],
  publications: readonly Publication[],
  { version, data }: { readonly version: string; readonly data: object },
): Report {
  return {
    title: "Validation: predictions beside published measurements",
    subtitle: `${scored.length} runs of ${publications.length} publications · raas-sim ${version}`,
    charts: [validationScatter(scored), validationErrors(scored)].filter(({ rows }) => rows.length > 0),
    lead: 2,
    tables: [
      { title: "Targets", columns: TARGET_COLUMNS, rows: targetTableRows(targets) },
      { title: "Runs", columns: CASE_COLUMNS, rows: caseRows(scored) },
      {
        title: "Publications",
        columns: ["Setting", "Value"],
        rows: publications.map(({ title, source }) => [title, source]),
      },
    ],
    notes: publications.flatMap(({ title, notes }) => notes.map((note) => `${title}: ${note}`)),
    warnings: [],
    data,
  };
}
