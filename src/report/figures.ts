import type { Summary } from "../serve/outcome.js";
import * as format from "./format.js";
import type { ReportTable } from "./report.js";

/** One line of a table: a metric, what people call it, how it is written. */
export interface Figure {
  readonly key: string;
  readonly title: string;
  readonly format: format.Format;
}

export interface Section {
  readonly title: string;
  readonly figures: readonly Figure[];
}

const figure = (key: string, title: string, write: format.Format): Figure => ({ key, title, format: write });

const TRAFFIC: Section = {
  title: "Traffic",
  figures: [
    figure("duration", "Simulated time", format.seconds),
    figure("completed", "Requests completed", format.integer),
    figure("failed", "Requests refused", format.integer),
    figure("cancelled", "Requests given up by clients", format.integer),
    figure("cancelled_input_tokens", "  input tokens computed for them", format.integer),
    figure("cancelled_output_tokens", "  output tokens made for them", format.integer),
    figure("truncated", "Outputs cut at the context", format.integer),
    figure("total_input_tokens", "Input tokens", format.integer),
    figure("total_output_tokens", "Output tokens", format.integer),
    figure("total_reasoning_tokens", "  of these reasoning", format.integer),
    figure("total_answer_tokens", "  of these answer", format.integer),
    figure("thinking_budget_met", "  requests cut at the thinking budget", format.integer),
    figure("thinking_tokens_cut", "  reasoning tokens cut off", format.integer),
    figure("max_concurrent_requests", "Most requests at once", format.integer),
    figure("mean_running_requests", "Running, mean", format.decimal),
    figure("mean_waiting_requests", "Waiting, mean", format.decimal),
  ],
};

const THROUGHPUT: Section = {
  title: "Throughput",
  figures: [
    figure("request_throughput", "Requests", (value) => perSecond(value)),
    figure("request_goodput", "Requests within goals", (value) => perSecond(value)),
    figure("output_throughput", "Output tokens", format.perSecond),
    figure("total_token_throughput", "All tokens", format.perSecond),
    figure("max_output_tokens_per_s", "Output tokens, busiest second", format.perSecond),
  ],
};

const MEMORY: Section = {
  title: "Memory",
  figures: [
    figure("kv_cache_tokens", "KV pool (tokens a replica)", format.integer),
    figure("peak_kv_blocks", "KV blocks, peak", format.integer),
    figure("peak_kv_share", "KV pool used, peak", format.percent),
    figure("preemptions", "Preemptions", format.integer),
    figure("recomputed_tokens", "Tokens computed again", format.integer),
  ],
};

const MONEY: Section = {
  title: "Energy and money",
  figures: [
    figure("energy_j", "Energy", format.joules),
    figure("mean_power_w", "Power, mean", format.watts),
    figure("energy_per_output_token_j", "Energy per output token", format.joules),
    figure("gpu_hours", "GPU hours", format.hours),
    figure("cost_usd", "Cost", format.dollars),
    figure("cost_per_million_output_tokens_usd", "Cost per million output tokens", format.dollars),
  ],
};

export const LATENCIES: readonly { key: string; title: string }[] = [
  { key: "ttft", title: "First token (TTFT)" },
  { key: "ttfa", title: "First answer token" },
  { key: "tpot", title: "Per output token (TPOT)" },
  { key: "itl", title: "Between tokens (ITL)" },
  { key: "e2el", title: "End to end (E2E)" },
  { key: "best_of_e2el", title: "Last sample of a question" },
];
export const STATISTICS = ["mean", "p50", "p90", "p99"] as const;

const LATENCY: Section = {
  title: "Latency",
  figures: LATENCIES.flatMap(({ key, title }) =>
    STATISTICS.map((statistic) => figure(`${statistic}_${key}_ms`, `${title}, ${statistic}`, format.milliseconds)),
  ),
};

/** Sections of figures before and after the latency table, which has a shape of its own when there is one outcome. */
export const BEFORE_LATENCY: readonly Section[] = [TRAFFIC];
export const AFTER_LATENCY: readonly Section[] = [THROUGHPUT, MEMORY, MONEY];
export const ALL_SECTIONS: readonly Section[] = [TRAFFIC, LATENCY, THROUGHPUT, MEMORY, MONEY];

function perSecond(value: format.Value): string {
  const text = format.decimal(value);
  return text === "-" ? text : `${text}/s`;
}

/** Figures that no outcome has, of what was not asked for, are left out. */
function has({ metrics }: Summary, key: string): boolean {
  return metrics[key] !== undefined;
}

/** A figure as it is written, with half the width of its confidence interval where it has one. */
function written({ metrics, confidence_intervals: intervals }: Summary, key: string, write: format.Format): string {
  const [from, to] = intervals?.[key] ?? [0, 0];
  return write(metrics[key]) + (to > from ? ` ± ${write((to - from) / 2)}` : "");
}

/** A section as a table: one column an outcome. */
export function sectionTable(section: Section, outcomes: readonly Summary[]): ReportTable {
  return {
    title: section.title,
    columns: [section.title, ...outcomes.map((outcome) => outcome.label)],
    rows: section.figures
      .filter(({ key }) => outcomes.some((outcome) => has(outcome, key)))
      .map((each) => [each.title, ...outcomes.map((outcome) => written(outcome, each.key, each.format))]),
  };
}

/** Latencies of one outcome: a row a latency, a column a statistic. */
export function latencyTable(outcome: Summary): ReportTable {
  return {
    title: "Latency",
    columns: ["Latency", ...STATISTICS],
    rows: LATENCIES.filter(({ key }) => has(outcome, `mean_${key}_ms`)).map(({ key, title }) => [
      title,
      ...STATISTICS.map((statistic) => written(outcome, `${statistic}_${key}_ms`, format.milliseconds)),
    ]),
  };
}

/** What each tenant got, a row a tenant and outcome; none if the workload tells none apart. */
export function tenantTables(outcomes: readonly Summary[]): readonly ReportTable[] {
  const impatient = outcomes.some((outcome) => has(outcome, "cancelled"));
  const rows = outcomes.flatMap(({ label, tenants }) =>
    (tenants ?? []).map((each) => [
      outcomes.length === 1 ? each.tenant : `${each.tenant}, ${label}`,
      ...[each.priority, each.completed, each.failed].map(format.integer),
      ...(impatient ? [format.integer(each.cancelled)] : []),
      ...[each.p50_ttft_ms, each.p99_ttft_ms, each.p50_e2el_ms, each.p99_e2el_ms].map(format.milliseconds),
      format.integer(each.thinking_budget_met),
    ]),
  );
  const columns = [
    "Tenant",
    "Priority",
    "Completed",
    "Refused",
    ...(impatient ? ["Given up"] : []),
    "TTFT p50",
    "TTFT p99",
    "E2E p50",
    "E2E p99",
    "Cut at budget",
  ];
  return rows.length === 0 ? [] : [{ title: "Tenants", columns, rows }];
}

/** Every setting behind the numbers; where outcomes differ, each with its own value. */
export function settingsTable(
  title: string,
  outcomes: readonly Summary[],
  pick: (outcome: Summary) => object,
): ReportTable {
  const flat = outcomes.map((outcome) => ({ label: outcome.label, settings: flatten(pick(outcome)) }));
  const keys = [...new Set(flat.flatMap(({ settings }) => [...settings.keys()]))];
  const rows = keys.map((key) => {
    const values = flat.map(({ settings }) => settings.get(key) ?? "-");
    if (values.every((value) => value === values[0])) return [key, values[0] as string];
    return [key, flat.map(({ label }, i) => `${label}: ${values[i] as string}`).join("; ")];
  });
  return { title, columns: ["Setting", "Value"], rows };
}

function flatten(value: object, path = "", into = new Map<string, string>()): Map<string, string> {
  for (const [key, inner] of Object.entries(value) as [string, unknown][]) {
    const name = path === "" ? key : `${path}.${key}`;
    if (inner !== null && typeof inner === "object" && !Array.isArray(inner)) flatten(inner, name, into);
    else if (inner !== undefined) into.set(name, typeof inner === "string" ? inner : JSON.stringify(inner));
  }
  return into;
}
