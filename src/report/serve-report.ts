import type { Outcome } from "../serve/outcome.js";
import { concurrencyChart } from "./charts/concurrency.js";
import { decodeChart } from "./charts/decode.js";
import { kvMemoryChart } from "./charts/kv-memory.js";
import { latencyChart } from "./charts/latency.js";
import { memoryLayoutChart } from "./charts/memory-layout.js";
import { operatorsChart } from "./charts/operators.js";
import { queueChart } from "./charts/queue.js";
import { throughputChart } from "./charts/throughput.js";
import { AFTER_LATENCY, BEFORE_LATENCY, latencyTable, sectionTable, settingsTable, tenantTables } from "./figures.js";
import { qualityTable, recordedNotes, replayFacts, type Judged, type Recorded } from "./recorded.js";
import { lengthTables } from "./length-table.js";
import { modelErrorNotes, modelErrorTables } from "./model-error-table.js";
import type { Chart, Report } from "./report.js";

/** Charts that any number of outcomes have; those with nothing to draw are left out. */
export function commonCharts(outcomes: readonly Outcome[]): readonly Chart[] {
  const charts = [
    latencyChart(outcomes),
    throughputChart(outcomes),
    concurrencyChart(outcomes),
    queueChart(outcomes),
    kvMemoryChart(outcomes),
    decodeChart(outcomes),
    operatorsChart(outcomes),
    memoryLayoutChart(outcomes),
  ];
  return charts.filter((chart) => chart.rows.length > 0);
}

/** One simulation; with a replay, also what its policy loses. */
export function serveReport(outcome: Judged<Outcome>, recorded?: Recorded): Report {
  const { saturation } = outcome;
  return {
    title: `Serving simulation: ${outcome.label}`,
    subtitle: subtitle([outcome]),
    charts: commonCharts([outcome]),
    tables: [
      ...(recorded === undefined ? [] : [qualityTable([outcome])]),
      ...BEFORE_LATENCY.map((section) => sectionTable({ ...section }, [outcome])),
      latencyTable(outcome),
      ...modelErrorTables([outcome]),
      ...tenantTables([outcome]),
      ...AFTER_LATENCY.map((section) => sectionTable(section, [outcome])),
      ...originTables([outcome]),
    ],
    notes: [
      ...(recorded === undefined ? [] : recordedNotes(recorded, [outcome])),
      ...modelErrorNotes([outcome]),
      ...outcome.notes,
      ...(saturation.saturated ? [] : [`Load: ${saturation.message}.`]),
    ],
    warnings: saturation.saturated ? [saturation.message] : [],
    data: recorded === undefined ? outcome : { ...outcome, replay: replayFacts(recorded) },
  };
}

/** Where the numbers come from: settings, what their names stood for, the device's sources. */
export function originTables(outcomes: readonly Outcome[]): Report["tables"] {
  return [
    ...lengthTables(outcomes),
    settingsTable("Scenario", outcomes, (outcome) => outcome.scenario),
    settingsTable("What names stood for", outcomes, (outcome) => outcome.resolved),
    settingsTable("Hardware profile", outcomes, ({ profile }) => ({
      name: profile.name,
      kind: profile.kind,
      source: profile.sources,
    })),
  ];
}

/** Model, device, workload and seed in a line, as far as the scenario names them. */
export function subtitle(outcomes: readonly Outcome[]): string {
  const first = outcomes[0];
  if (first === undefined) return "";
  const scenario = first.scenario as Readonly<Record<string, unknown>>;
  const text = (key: string, write: (value: string) => string = (value) => value): string[] => {
    const value = scenario[key];
    return typeof value === "string" || typeof value === "number" ? [write(String(value))] : [];
  };
  return [
    ...text("model"),
    `${first.profile.name} (${first.profile.kind})`,
    ...text("tp", (value) => `tensor parallel ${value}`),
    ...text("replicas", (value) => (value === "1" ? "1 replica" : `${value} replicas`)),
    ...text("workload", (value) => `workload ${value}`),
    ...text("request-rate", (value) => (value === "inf" ? "all requests at once" : `${value} requests/s`)),
    `seed ${first.seed}`,
    `raas-sim ${first.version}`,
  ].join(" · ");
}
