import Table from "cli-table3";
import type { Summary } from "../serve/outcome.js";
import { differenceNotes, differenceTables } from "./difference-table.js";
import { AFTER_LATENCY, ALL_SECTIONS, BEFORE_LATENCY, latencyTable, sectionTable, tenantTables } from "./figures.js";
import { modelErrorNotes, modelErrorTables } from "./model-error-table.js";
import { overviewTable, qualityTable, recordedNotes, type Judged, type Recorded } from "./recorded.js";
import type { ReportTable } from "./report.js";

export interface TextColumn {
  readonly title: string;
  readonly align?: "left" | "right";
}

const NO_LINES = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: "  ",
};

/** A table for terminals and pipes: no colour codes, no frame, one rule under the head. */
export function textTable(columns: readonly TextColumn[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map(({ title }, i) =>
    Math.max(title.length, ...rows.flatMap((row) => (row[i] ?? "").split("\n").map((line) => line.length))),
  );
  const table = new Table({
    head: columns.map(({ title }) => title),
    colAligns: columns.map(({ align }) => align ?? "left"),
    chars: NO_LINES,
    // Empty lists: cli-table3 otherwise colours the head and the frame even into a pipe.
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
  });
  table.push(widths.map((width) => "─".repeat(width)));
  for (const row of rows) table.push(columns.map((_, i) => row[i] ?? ""));
  return table
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}

/** The figures of one simulation. */
export function serveTable(outcome: Judged, recorded?: Recorded): string {
  const tables = [
    ...(recorded === undefined ? [] : [qualityTable([outcome])]),
    ...BEFORE_LATENCY.map((section) => sectionTable(section, [outcome])),
    latencyTable(outcome),
    ...modelErrorTables([outcome]),
    ...tenantTables([outcome]),
    ...AFTER_LATENCY.map((section) => sectionTable(section, [outcome])),
  ];
  return join(tables, [outcome], recorded);
}

/** The figures of several simulations, a column each. */
export function compareTable(outcomes: readonly Judged[], recorded?: Recorded): string {
  const sections = ALL_SECTIONS.map((section) => sectionTable(section, outcomes));
  const quality = recorded === undefined ? [] : [overviewTable(outcomes), qualityTable(outcomes)];
  const tables = [
    ...quality,
    ...sections,
    ...differenceTables(outcomes),
    ...modelErrorTables(outcomes),
    ...tenantTables(outcomes),
  ];
  return join(tables, outcomes, recorded);
}

function join(tables: readonly ReportTable[], outcomes: readonly Judged[], recorded: Recorded | undefined): string {
  // Columns of tables with the same heads stand below each other.
  const heads = (columns: readonly string[]): string => columns.slice(1).join("\n");
  const width = (columns: readonly string[], i: number): number =>
    Math.max(
      ...tables
        .filter((table) => i === 0 || heads(table.columns) === heads(columns))
        .flatMap((table) => [table.columns, ...table.rows].map((row) => (row[i] ?? "").length)),
    );
  const blocks = tables.map(({ columns, rows }) =>
    textTable(
      columns.map((title, i) => {
        const room = width(columns, i);
        return i === 0 ? { title: title.padEnd(room) } : { title: title.padStart(room), align: "right" };
      }),
      rows,
    ),
  );
  const warnings = warningLines(outcomes);
  const notes = allNotes(outcomes, recorded).map((note) => `- ${note}`);
  return [
    ...(warnings.length > 0 ? [warnings.join("\n")] : []),
    ...blocks,
    ...(notes.length > 0 ? [["Notes", ...notes].join("\n")] : []),
  ].join("\n\n");
}

/** What makes the figures mean less than they seem to: said before them. */
function warningLines(outcomes: readonly Summary[]): readonly string[] {
  const alone = outcomes.length === 1;
  return outcomes
    .filter((outcome) => outcome.saturation.saturated)
    .map((outcome) => `! ${alone ? "" : `${outcome.label}: `}${outcome.saturation.message}`);
}

/** What a reader must know: of the replay first, then of each simulation. */
export function allNotes(outcomes: readonly Judged[], recorded?: Recorded): readonly string[] {
  const replayed = recorded === undefined ? [] : recordedNotes(recorded, outcomes);
  return [...replayed, ...differenceNotes(outcomes), ...modelErrorNotes(outcomes), ...sharedNotes(outcomes)];
}

function sharedNotes(outcomes: readonly Summary[]): readonly string[] {
  const all = [...new Set(outcomes.flatMap((outcome) => outcome.notes))];
  return all.map((note) => {
    const having = outcomes.filter((outcome) => outcome.notes.includes(note));
    return having.length === outcomes.length ? note : `${having.map((outcome) => outcome.label).join(", ")}: ${note}`;
  });
}
