import type { Outcome } from "../serve/outcome.js";
import { qualityThroughputChart } from "./charts/quality-throughput.js";
import { recallBudgetChart } from "./charts/recall-budget.js";
import { summaryChart } from "./charts/summary.js";
import { tradeOffChart } from "./charts/trade-off.js";
import { trinityChart } from "./charts/trinity.js";
import { differenceTables } from "./difference-table.js";
import { ALL_SECTIONS, sectionTable, tenantTables } from "./figures.js";
import type { Report } from "./report.js";
import { commonCharts, originTables, subtitle } from "./serve-report.js";
import { modelErrorTables } from "./model-error-table.js";
import { overviewTable, qualityTable, replayFacts, type Judged, type Recorded } from "./recorded.js";
import { allNotes } from "./text-table.js";

/** Several policies under the same load; with a replay, also what each of them loses. */
export function compareReport(outcomes: readonly Judged<Outcome>[], recorded?: Recorded): Report {
  const saturated = outcomes.filter((outcome) => outcome.saturation.saturated);
  return {
    title: `Comparison: ${outcomes.map((outcome) => outcome.label).join(", ")}`,
    subtitle: subtitle(outcomes),
    charts: [
      ...(recorded === undefined
        ? []
        : [trinityChart(outcomes), qualityThroughputChart(outcomes), recallBudgetChart(recorded.replay.policies)]),
      summaryChart(outcomes),
      tradeOffChart(outcomes),
      ...commonCharts(outcomes),
    ],
    lead: 2,
    tables: [
      ...(recorded === undefined ? [] : [overviewTable(outcomes), qualityTable(outcomes)]),
      ...ALL_SECTIONS.map((section) => sectionTable(section, outcomes)),
      ...differenceTables(outcomes),
      ...modelErrorTables(outcomes),
      ...tenantTables(outcomes),
      ...originTables(outcomes),
    ],
    notes: allNotes(outcomes, recorded),
    warnings: saturated.map((outcome) => `${outcome.label}: ${outcome.saturation.message}`),
    data: { outcomes, ...(recorded === undefined ? {} : { replay: replayFacts(recorded) }) },
  };
}
