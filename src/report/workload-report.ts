import type { LogCurves } from "../workload/log-curves.js";
import type { ArrivalStatistics, LogStatistics, Spread } from "../workload/log-statistics.js";
import type { MixInfo, MixStatistics, WeightedSpread } from "../workload/mix-statistics.js";
import { arrivalsChart, dayCurveChart } from "./charts/arrivals.js";
import { clientRatesChart, reasoningSharesChart } from "./charts/client-rates.js";
import { gapsChart, sessionsChart } from "./charts/gaps.js";
import { prefixHitsChart } from "./charts/prefix-hits.js";
import { requestLengthsChart } from "./charts/request-lengths.js";
import { integer } from "./format.js";
import type { Chart, Report, ReportTable } from "./report.js";

/** Where statistics come from. */
export interface Origin {
  readonly version: string;
  readonly file: string;
}

const HOURS_FROM_S = 3600; // a shorter log has no curve by hours

/** A recorded log: what it is, its figures and its curves. */
export function logReport(log: LogStatistics, curves: LogCurves, origin: Origin): Report {
  const { prefix } = log;
  const charts: Chart[] = [];
  if (curves.arrivals.length > 0) charts.push(arrivalsChart(curves.arrivals, curves.binS));
  const day = dayCurve(log);
  if (day !== undefined) charts.push(dayCurveChart(day.requestsByHour, day.hoursAre));
  charts.push(requestLengthsChart(curves.lengths));
  if (curves.gaps.length > 0) charts.push(gapsChart(curves.gaps));
  if (curves.turns.length > 0) charts.push(sessionsChart(curves.turns, curves.sessionTimes));
  if (prefix !== null && curves.arrivals.length > 0) {
    const [overall, of] =
      prefix.tokenHitRate === null
        ? ([prefix.blockHitRate, "blocks"] as const)
        : ([prefix.tokenHitRate, "tokens"] as const);
    charts.push(prefixHitsChart(curves.arrivals, curves.binS, overall, of));
  }
  return {
    title: `Request log: ${log.format}`,
    subtitle: `${origin.file} · ${integer(log.requests)} requests · raas-sim ${origin.version}`,
    charts,
    tables: logTables(log, origin.file),
    notes: log.notes,
    warnings: [],
    data: { ...origin, ...log },
  };
}

/** Client models: what they expect. */
export function mixReport({ statistics, lengths, binS, rates, reasoningShares }: MixInfo, origin: Origin): Report {
  return {
    title: "Client models: ServeGen",
    subtitle: `${origin.file} · ${integer(statistics.clients)} clients · raas-sim ${origin.version}`,
    charts: [
      clientRatesChart(rates, binS),
      dayCurveChart(statistics.requestsByHour, "from the start"),
      requestLengthsChart(lengths),
      ...(reasoningShares.length === 0 ? [] : [reasoningSharesChart(reasoningShares)]),
    ],
    tables: mixTables(statistics, origin.file),
    notes: statistics.notes,
    warnings: [],
    data: { ...origin, ...statistics },
  };
}

/** Requests by hour, unless the log is too short for a curve. */
export function dayCurve(log: LogStatistics): ArrivalStatistics | undefined {
  return log.arrivals !== null && log.arrivals.spanS >= HOURS_FROM_S ? log.arrivals : undefined;
}

/** Facts, then distributions. */
export function logTables(log: LogStatistics, file: string): readonly ReportTable[] {
  const { arrivals, sessions, prefix } = log;
  const facts: (readonly [string, string])[] = [
    ["Requests", integer(log.requests)],
    ["Failed calls, left out", integer(log.failed)],
    ["Output : prompt tokens", figure(log.outputPerPromptToken)],
    ["Reasoning, share of output", log.reasoningShare === null ? "-" : share(log.reasoningShare)],
  ];
  if (arrivals === null) facts.push(["Arrivals", "none"]);
  else {
    facts.push(["Time span (s)", figure(arrivals.spanS)]);
    facts.push(["Requests per s", arrivals.requestsPerS === null ? "-" : figure(arrivals.requestsPerS)]);
    facts.push(["CV of gaps (1 is Poisson)", arrivals.gapCv === null ? "-" : figure(arrivals.gapCv)]);
    facts.push(["Gaps of exactly 0", share(arrivals.zeroGapShare)]);
  }
  if (sessions !== null) {
    facts.push(["Sessions", integer(sessions.sessions)]);
    facts.push(["Sessions of one request", share(sessions.singleShare)]);
  }
  if (prefix !== null) {
    facts.push(["Prefix blocks, distinct", `${integer(prefix.references)}, ${integer(prefix.distinct)}`]);
    facts.push(["Tokens of a block", prefix.blockTokens === null ? "differ" : integer(prefix.blockTokens)]);
    facts.push(["Ideal prefix hit rate, blocks", share(prefix.blockHitRate)]);
    if (prefix.tokenHitRate !== null) facts.push(["Ideal prefix hit rate, tokens", share(prefix.tokenHitRate)]);
    for (const { cacheBlocks, tokenHitRate, blockHitRate } of prefix.limited) {
      const tokens = tokenHitRate === null ? "" : `, ${share(tokenHitRate)} of tokens`;
      facts.push([
        `Hits of an LRU cache of ${integer(cacheBlocks)} blocks`,
        `${share(blockHitRate)} of blocks${tokens}`,
      ]);
    }
  }
  const spreads: (readonly [string, Spread | null | undefined])[] = [
    ["Prompt (tokens)", log.promptTokens],
    ["Output (tokens)", log.outputTokens],
    ["Gap (s)", arrivals?.gapS],
    ["Requests a session", sessions?.turns],
    ["Gap in a session (s)", sessions?.turnGapS],
    ["Think time (s)", sessions?.thinkS],
  ];
  const columns = ["n", "mean", "sd", "p5", "p25", "p50", "p75", "p90", "p95", "p99", "max"] as const;
  const rows = spreads.flatMap(([name, spread]) =>
    spread === null || spread === undefined ? [] : [[name, ...columns.map((key) => figure(spread[key]))]],
  );
  return [factTable(file, log.format, facts), { title: "Distribution", columns: ["Distribution", ...columns], rows }];
}

/** Facts, then distributions. */
export function mixTables(mix: MixStatistics, file: string): readonly ReportTable[] {
  const { requestsPerS } = mix;
  const facts: (readonly [string, string])[] = [
    ["Clients", integer(mix.clients)],
    ["Windows in which a client is idle", share(mix.idleShare)],
    ["Time span (s)", figure(mix.spanS)],
    ["Requests expected", integer(mix.requests)],
    ["Requests per s", figure(requestsPerS.mean)],
    ["  lowest and highest window", `${figure(requestsPerS.lowest)}, ${figure(requestsPerS.highest)}`],
    ["Output : prompt tokens", figure(mix.outputPerPromptToken)],
    ...mix.busiestClients.map(
      ({ clients, share: part }) =>
        [`Requests of the busiest ${clients === 1 ? "client" : `${clients} clients`}`, share(part)] as const,
    ),
  ];
  const columns = ["mean", "p5", "p25", "p50", "p75", "p90", "p95", "p99", "max"] as const;
  const spreads: (readonly [string, WeightedSpread | null])[] = [
    ["Prompt (tokens)", mix.promptTokens],
    ["Output (tokens)", mix.outputTokens],
    ["Reasoning, share of output", mix.reasoningShare],
    ["CV of a client's gaps", mix.gapCv],
  ];
  const rows = spreads.flatMap(([name, spread]) =>
    spread === null ? [] : [[name, ...columns.map((key) => figure(spread[key]))]],
  );
  return [factTable(file, mix.format, facts), { title: "Distribution", columns: ["Distribution", ...columns], rows }];
}

function factTable(file: string, format: string, facts: readonly (readonly [string, string])[]): ReportTable {
  return { title: "File", columns: ["File", "What it is"], rows: [[file, format], ...facts] };
}

function share(value: number): string {
  return `${(100 * value).toFixed(1)} %`;
}

/** Four digits, whole from 1,000 on. */
function figure(value: number): string {
  return value >= 1000 ? integer(value) : String(Number(value.toPrecision(4)));
}
