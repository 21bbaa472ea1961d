import type { Outcome } from "../serve/outcome.js";
import { summaryChart } from "./charts/summary.js";
import { tradeOffChart } from "./charts/trade-off.js";
import { ALL_SECTIONS, sectionTable } from "./figures.js";
import type { Report } from "./report.js";
import { commonCharts, originTables, subtitle } from "./serve-report.js";
import { sharedNotes } from "./text-table.js";

/** Several policies under the same load. */
export function compareReport(outcomes: readonly Outcome[]): Report {
  const saturated = outcomes.filter((outcome) => outcome.saturation.saturated);
  return {
    title: `Comparison: ${outcomes.map((outcome) => outcome.label).join(", ")}`,
    subtitle: subtitle(outcomes),
    charts: [summaryChart(outcomes), tradeOffChart(outcomes), ...commonCharts(outcomes)],
    lead: 2,
    tables: [...ALL_SECTIONS.map((section) => sectionTable(section, outcomes)), ...originTables(outcomes)],
    notes: sharedNotes(outcomes),
    warnings: saturated.map((outcome) => `${outcome.label}: ${outcome.saturation.message}`),
    data: { outcomes },
  };
}
