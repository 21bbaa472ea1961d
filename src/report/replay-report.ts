import type { AttentionMap } from "../replay/attention-map.js";
import type { PolicyQuality, ReplayResult } from "../replay/quality.js";
import { attentionMapChart } from "./charts/attention-map.js";
import { headsChart } from "./charts/heads.js";
import { heldTokensChart } from "./charts/held-tokens.js";
import { missesChart } from "./charts/misses.js";
import { recallBudgetChart } from "./charts/recall-budget.js";
import { recallStepsChart } from "./charts/recall-steps.js";
import { retentionChart } from "./charts/retention.js";
import { integer, percent } from "./format.js";
import { measureNotes, nameOf, QUALITY_COLUMNS, replayNotes } from "./replay-table.js";
import type { Report, ReportTable } from "./report.js";

/** Where a replay's numbers come from, beyond what the result says itself. */
export interface Provenance {
  /** Name or path of the recording. */
  readonly recording: string;
  readonly version: string;
  /** More that a reader must know, e.g. why these heads were drawn. */
  readonly notes: readonly string[];
}

/** What policies keep, read and lose of a recording. Maps come first; they show what the figures sum up. */
export function replayReport(result: ReplayResult, maps: readonly AttentionMap[], provenance: Provenance): Report {
  const { trace, policies } = result;
  const lead = [...maps.flatMap((map) => [attentionMapChart(map), retentionChart(map)]), recallBudgetChart(policies)];
  const rest = [recallStepsChart(result), heldTokensChart(result), missesChart(result), headsChart(result)];
  return {
    title: `Replay of recorded attention: ${provenance.recording}`,
    subtitle: [
      `${trace.model}${trace.synthetic ? " (synthetic)" : ""}`,
      `${integer(trace.promptTokens)} prompt and ${integer(trace.decodeSteps)} decoded tokens`,
      `layers ${result.layers.join(", ")} of ${trace.layersTotal}`,
      `KV heads ${result.kvHeads.join(", ")}`,
      `seed ${result.settings.seed}`,
      `raas-sim ${provenance.version}`,
    ].join(" · "),
    charts: [...lead, ...rest.filter((chart) => chart.rows.length > 0)],
    lead: lead.length,
    tables: [qualityTable(policies), ...layerTables(policies), ...originTables(result, provenance)],
    notes: [
      ...replayNotes(result),
      ...provenance.notes,
      `Figures: ${measureNotes(result.settings).join("; ").replaceAll(";;", ";")}.`,
    ],
    warnings: trace.synthetic
      ? [
          "The recording is synthetic: made to have certain statistics, not taken from a model. It shows how policies work, not how good they are.",
        ]
      : [],
    data: {
      recording: provenance.recording,
      version: provenance.version,
      result: withoutSteps(result),
      maps: maps.map(rounded),
    },
  };
}

function qualityTable(policies: readonly PolicyQuality[]): ReportTable {
  return {
    title: "Policy",
    columns: ["Policy", ...QUALITY_COLUMNS.map(([title]) => title)],
    rows: policies.map((policy) => [nameOf(policy), ...QUALITY_COLUMNS.map(([, cell]) => cell(policy))]),
  };
}

/** Mean recall layer by layer, if there are several. */
function layerTables(policies: readonly PolicyQuality[]): readonly ReportTable[] {
  const layers = policies[0]?.layers ?? [];
  if (layers.length < 2) return [];
  return [
    {
      title: "Mean recall by layer",
      columns: ["Policy", ...layers.map(({ layer }) => `layer ${layer}`)],
      rows: policies.map((policy) => [nameOf(policy), ...policy.layers.map(({ recall }) => percent(recall.mean))]),
    },
  ];
}

function originTables({ trace, settings, policies }: ReplayResult, { recording }: Provenance): readonly ReportTable[] {
  const table = (title: string, entries: readonly (readonly [string, unknown])[]): ReportTable => ({
    title,
    columns: ["Setting", "Value"],
    rows: entries.map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]),
  });
  return [
    table("Recording", [["recording", recording], ...Object.entries(trace)]),
    table("Replay", Object.entries(settings)),
    table(
      "Policies",
      policies.map(({ policy, parameters, source }) => {
        const values = Object.entries(parameters).map(([key, value]) => `${key}=${String(value)}`);
        return [policy, [...values, source].join(", ")];
      }),
    ),
  ];
}

/** Figures of single steps are millions of bytes; the charts carry them in bins, result.json as they are. */
function withoutSteps({ policies, ...rest }: ReplayResult): object {
  return { ...rest, policies: policies.map((policy) => ({ ...policy, steps: undefined })) };
}

/** Shares to three digits: the picture shows no more, and the page stays small. */
function rounded(map: AttentionMap): AttentionMap {
  return { ...map, attention: map.attention.map((row) => row.map((share) => Number(share.toPrecision(3)))) };
}
