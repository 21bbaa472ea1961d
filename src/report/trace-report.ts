import { PATIENCE_ROWS, PHOENIX_BUDGETS, READ_SHARE, RECENT_TOKENS, SINK_TOKENS } from "../attention/head-kind.js";
import type { EntryCounts, HeadShape, TraceShape } from "../attention/trace-shape.js";
import type { TraceMetadata } from "../trace/attention-trace.js";
import { headMapChart, shareOfKind } from "./charts/head-map.js";
import { decimal, integer, percent } from "./format.js";
import type { Report, ReportTable } from "./report.js";

/** What is known of a trace: what it says of itself, how large it is, and the shape of its attention. */
export interface TraceInfo {
  readonly version: string;
  readonly file: string;
  readonly bytes: number;
  readonly metadata: TraceMetadata;
  readonly decodeSteps: number;
  readonly channels: readonly string[];
  readonly tensors: readonly {
    readonly name: string;
    readonly dtype: string;
    readonly shape: readonly number[];
    readonly bytes: number;
  }[];
  /** Of the decode rows; null if there are none. */
  readonly shape: TraceShape | null;
}

export function traceReport(info: TraceInfo): Report {
  const { metadata, shape } = info;
  const subject = `${metadata.model}${metadata.synthetic ? " (synthetic)" : ""}`;
  return {
    title: `Recorded attention: ${subject}`,
    subtitle: `${info.file} · ${integer(metadata.promptTokens)} prompt + ${integer(info.decodeSteps)} decoded tokens · layers ${metadata.layers.join(", ")} · raas-sim ${info.version}`,
    charts: shape === null ? [] : [headMapChart(shape.heads, headTitle(metadata), subject)],
    tables: traceTables(info),
    notes: traceNotes(info),
    warnings: metadata.synthetic ? ["This trace is synthetic: no model has attended like this."] : [],
    data: info,
  };
}

export function traceTables(info: TraceInfo): readonly ReportTable[] {
  const { shape, metadata } = info;
  const shapes = shape === null ? [] : [overallTable(shape), recurrenceTable(shape), headTable(shape, metadata)];
  return [metadataTable(info), tensorTable(info), ...shapes];
}

function overallTable(shape: TraceShape): ReportTable {
  const kinds = Object.entries(shape.kinds).map(([kind, share]) => [`Heads that are ${kind}`, percent(share)]);
  return {
    title: "All heads",
    columns: ["All heads", ""],
    rows: [
      ["Entries within 99 % of the mass", counts(shape.entries99)],
      ["Entries within 90 % of the mass", counts(shape.entries90)],
      [`On the first ${SINK_TOKENS} tokens`, percent(shape.sinks)],
      [`On the last ${RECENT_TOKENS}`, percent(shape.recent)],
      ...kinds,
    ],
  };
}

function counts({ mean, p50, p90, p99 }: EntryCounts): string {
  return `mean ${decimal(mean)}, p50 ${integer(p50)}, p90 ${integer(p90)}, p99 ${integer(p99)}`;
}

function recurrenceTable({ recurrence, allRecurrence }: TraceShape): ReportTable {
  const layers = recurrence.map(({ layer, ...rest }) => ({ name: `layer ${layer}`, ...rest }));
  return {
    title: "Recurrence",
    columns: ["Recurrence", "tokens", "gap p50", "p80", "p95"],
    rows: [...layers, { name: "all layers", ...allRecurrence }].map(({ name, recurring, longestGap }) => [
      name,
      percent(recurring),
      integer(longestGap.p50),
      integer(longestGap.p80),
      integer(longestGap.p95),
    ]),
  };
}

const HEAD_COLUMNS: readonly (readonly [title: string, cell: (head: HeadShape) => string])[] = [
  ["layer", ({ layer }) => integer(layer)],
  ["head", ({ head }) => integer(head)],
  ["kind", ({ kind }) => kind],
  ["of it", (head) => percent(shareOfKind(head))],
  ["sinks", ({ shares }) => percent(shares.sinks)],
  ["recent", ({ shares }) => percent(shares.recent)],
  ["milestone", ({ shares }) => percent(shares.milestone)],
  ["faded", ({ shares, fadedShare }) => (shares.milestone === 0 ? "-" : percent(fadedShare))],
  ["phoenix", ({ shares }) => percent(shares.phoenix)],
  ["steady", ({ shares }) => percent(shares.steady)],
  ["faint", ({ shares }) => percent(shares.faint)],
  ["99 %", ({ entries99 }) => integer(entries99.mean)],
  ["90 %", ({ entries90 }) => integer(entries90.mean)],
  [
    `woken > ${PATIENCE_ROWS}`,
    ({ phoenixTokens }) => {
      const woken = phoenixTokens.find(({ budget }) => budget === PATIENCE_ROWS);
      return woken === undefined ? "-" : `${integer(woken.all)} (${integer(woken.prompt)})`;
    },
  ],
];

function headTable({ heads }: TraceShape, metadata: TraceMetadata): ReportTable {
  return {
    title: `Heads (${headTitle(metadata)}s)`,
    columns: HEAD_COLUMNS.map(([title]) => title),
    rows: heads.map((head) => HEAD_COLUMNS.map(([, cell]) => cell(head))),
  };
}

function headTitle({ kind }: TraceMetadata): string {
  return kind === "qkv" ? "Query head" : "KV head";
}

function tensorTable({ tensors, bytes }: TraceInfo): ReportTable {
  return {
    title: "Tensors",
    columns: ["Tensor", "dtype", "shape", "bytes"],
    rows: [
      ...tensors.map((tensor) => [tensor.name, tensor.dtype, `[${tensor.shape.join(", ")}]`, integer(tensor.bytes)]),
      ["file", "", "", integer(bytes)],
    ],
  };
}

function metadataTable({ metadata, channels }: TraceInfo): ReportTable {
  const rows = Object.entries(metadata).map(([key, value]) => [
    key,
    Array.isArray(value) ? value.join(", ") : String(value),
  ]);
  return { title: "Metadata", columns: ["Setting", "Value"], rows: [...rows, ["channels", channels.join("; ")]] };
}

/** What the columns mean, and what is special about this trace. */
export function traceNotes({ metadata, decodeSteps, shape }: TraceInfo): readonly string[] {
  if (shape === null) return ["The trace has no decode steps, so its attention has no shape here."];
  return [
    `Entries within 99 %: the largest entries of a row whose sum stays within 99 % of it, at least 1 (RaaS, plot_sparsity.py); over ${integer(decodeSteps)} decode rows of each head.`,
    `Shares of a head's mass: sinks, the first ${SINK_TOKENS} tokens; recent, the last ${RECENT_TOKENS}; beyond them, of what gets at least ${READ_SHARE} of a row: milestone, decoded tokens read without a pause of more than ${PATIENCE_ROWS} rows; phoenix, tokens read again after one; steady, other prompt tokens; faint, all below.`,
    `Faded: share of the milestone mass on tokens unread in the last ${PATIENCE_ROWS} rows. Woken: tokens read again after more than ${PATIENCE_ROWS} rows, those of the prompt in brackets; --json has the counts for ${PHOENIX_BUDGETS.join(", ")}.`,
    "A head is phoenix if at least 2 % of its mass is phoenix and no less than milestone; milestone, if at least 10 % is; else lazy.",
    "Recurrence: tokens that any head of the layer gives at least 1e-4 of a later row, and the longest gap of each in rows.",
    ...(metadata.kind === "scores"
      ? [`The query heads of a KV head are merged by ${metadata.groupReduction} in this trace: kinds are of KV heads.`]
      : []),
    ...(decodeSteps <= PATIENCE_ROWS ? [`With ${decodeSteps} decode steps no phoenix can show.`] : []),
  ];
}
