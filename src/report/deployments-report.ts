import type { Outcome, Summary } from "../serve/outcome.js";
import { ALL_SECTIONS, sectionTable, tenantTables } from "./figures.js";
import * as format from "./format.js";
import type { Report, ReportTable } from "./report.js";
import { commonCharts, originTables } from "./serve-report.js";
import { compareTable, allNotes, textTable } from "./text-table.js";

/** Amounts that add up over deployments. */
const AMOUNTS: readonly { readonly key: string; readonly title: string; readonly format: format.Format }[] = [
  { key: "completed", title: "Requests completed", format: format.integer },
  { key: "failed", title: "Requests refused", format: format.integer },
  { key: "cancelled", title: "Requests given up by clients", format: format.integer },
  { key: "total_input_tokens", title: "Input tokens", format: format.integer },
  { key: "total_output_tokens", title: "Output tokens", format: format.integer },
  { key: "request_throughput", title: "Requests per second", format: format.decimal },
  { key: "output_throughput", title: "Output tokens per second", format: format.decimal },
  { key: "gpu_hours", title: "GPU hours", format: format.hours },
  { key: "energy_j", title: "Energy", format: format.joules },
  { key: "cost_usd", title: "Cost", format: format.dollars },
];

/** Sums of what adds up; each deployment's rates are over its own time. */
export function totals(outcomes: readonly Summary[]): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const { key } of AMOUNTS) {
    const values = outcomes.flatMap(({ metrics }) => metrics[key] ?? []);
    if (values.length > 0) sums[key] = values.reduce((sum, value) => sum + value, 0);
  }
  return sums;
}

function totalsTable(outcomes: readonly Summary[]): ReportTable {
  const sums = totals(outcomes);
  return {
    title: "All deployments",
    columns: ["All deployments", "Total", ...outcomes.map(({ label }) => label)],
    rows: AMOUNTS.filter(({ key }) => sums[key] !== undefined).map(({ key, title, format: write }) => [
      title,
      write(sums[key]),
      ...outcomes.map(({ metrics }) => write(metrics[key])),
    ]),
  };
}

/** For the terminal: the totals, then each deployment in a column. */
export function deploymentsText(outcomes: readonly Summary[]): string {
  const { columns, rows } = totalsTable(outcomes);
  const head = columns.map((title, i) => ({ title, align: i === 0 ? ("left" as const) : ("right" as const) }));
  return `${textTable(head, rows)}\n\n${compareTable(outcomes)}`;
}

/** Several deployments that serve side by side. */
export function deploymentsReport(outcomes: readonly Outcome[]): Report {
  const saturated = outcomes.filter((outcome) => outcome.saturation.saturated);
  return {
    title: `Deployments: ${outcomes.map(({ label }) => label).join(", ")}`,
    subtitle: `${outcomes.length} deployments that share no hardware · raas-sim ${outcomes[0]?.version ?? ""}`,
    charts: commonCharts(outcomes),
    tables: [
      totalsTable(outcomes),
      ...ALL_SECTIONS.map((section) => sectionTable(section, outcomes)),
      ...tenantTables(outcomes),
      ...originTables(outcomes),
    ],
    notes: allNotes(outcomes),
    warnings: saturated.map((outcome) => `${outcome.label}: ${outcome.saturation.message}`),
    data: { deployments: outcomes, total: totals(outcomes) },
  };
}
