import { textTable, type TextColumn } from "../report/text-table.js";
import { logStatistics, type LogStatistics, type Spread } from "../workload/log-statistics.js";
import type { RequestLog } from "../workload/log-rows.js";
import { version } from "./version.js";

const PERCENTILES = ["mean", "sd", "p5", "p25", "p50", "p75", "p90", "p95", "p99", "max"] as const;
const BAR = 40; // characters of the busiest hour

/** Prints what a log is and looks like: tables, or one JSON object. */
export function printLogInfo(log: RequestLog, file: string, json: boolean): void {
  const statistics = logStatistics(log);
  const text = json ? JSON.stringify({ version: version(), file, ...statistics }, null, 2) : infoText(statistics, file);
  process.stdout.write(`${text}\n`);
}

function infoText(log: LogStatistics, file: string): string {
  const { arrivals, sessions, prefix } = log;
  const facts: (readonly [string, string])[] = [
    [file, log.format],
    ["Requests", count(log.requests)],
    ["Failed calls, left out", count(log.failed)],
    ["Output : prompt tokens", figure(log.outputPerPromptToken)],
    ["Reasoning, share of output", log.reasoningShare === null ? "-" : percent(log.reasoningShare)],
  ];
  if (arrivals === null) facts.push(["Arrivals", "none"]);
  else {
    facts.push(["Time span (s)", figure(arrivals.spanS)]);
    facts.push(["Requests per s", arrivals.requestsPerS === null ? "-" : figure(arrivals.requestsPerS)]);
    facts.push(["CV of gaps (1 is Poisson)", arrivals.gapCv === null ? "-" : figure(arrivals.gapCv)]);
    facts.push(["Gaps of exactly 0", percent(arrivals.zeroGapShare)]);
  }
  if (sessions !== null) {
    facts.push(["Sessions", count(sessions.sessions)]);
    facts.push(["Sessions of one request", percent(sessions.singleShare)]);
  }
  if (prefix !== null) {
    facts.push(["Prefix blocks, distinct", `${count(prefix.references)}, ${count(prefix.distinct)}`]);
    facts.push(["Tokens of a block", prefix.blockTokens === null ? "differ" : count(prefix.blockTokens)]);
    facts.push(["Ideal prefix hit rate, blocks", percent(prefix.blockHitRate)]);
    if (prefix.tokenHitRate !== null) facts.push(["Ideal prefix hit rate, tokens", percent(prefix.tokenHitRate)]);
  }
  const spreads: (readonly [string, Spread | null | undefined])[] = [
    ["Prompt (tokens)", log.promptTokens],
    ["Output (tokens)", log.outputTokens],
    ["Gap (s)", arrivals?.gapS],
    ["Requests a session", sessions?.turns],
    ["Gap in a session (s)", sessions?.turnGapS],
    ["Think time (s)", sessions?.thinkS],
  ];
  return [
    textTable([{ title: "File" }, { title: "What it is" }], facts),
    spreadTable(spreads.flatMap(([name, spread]) => (spread === null || spread === undefined ? [] : [[name, spread]]))),
    ...(arrivals === null || arrivals.spanS < 3600 ? [] : [hourTable(arrivals.requestsByHour, arrivals.hoursAre)]),
    ...(log.notes.length === 0 ? [] : [["Notes", ...log.notes.map((note) => `- ${note}`)].join("\n")]),
  ].join("\n\n");
}

function spreadTable(rows: readonly (readonly [string, Spread])[]): string {
  const columns: TextColumn[] = ["n", ...PERCENTILES].map((title) => ({ title, align: "right" }));
  return textTable(
    [{ title: "Distribution" }, ...columns],
    rows.map(([name, spread]) => [name, count(spread.n), ...PERCENTILES.map((key) => figure(spread[key]))]),
  );
}

function hourTable(hours: readonly number[], hoursAre: string): string {
  const most = Math.max(...hours);
  return textTable(
    [{ title: `Hour ${hoursAre}`, align: "right" }, { title: "Requests", align: "right" }, { title: "" }],
    hours.map((requests, hour) => [String(hour), count(requests), "█".repeat(Math.round((BAR * requests) / most))]),
  );
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** Four digits, whole from 1,000 on. */
function figure(value: number): string {
  return value >= 1000 ? count(Math.round(value)) : String(Number(value.toPrecision(4)));
}
