import { InputError } from "../core/check.js";
import { SeriesSample } from "../core/quantile.js";
import type { Metrics } from "../serve/outcome.js";
import { CsvCursor, excerpt } from "../workload/csv.js";
import { jsonFault } from "../workload/json-fault.js";
import { LogImport } from "../workload/log-import.js";
import { parseRequestLog, type RequestLog } from "../workload/request-log.js";
import type { Comparison } from "./score.js";

/** What somebody measured of a server of their own. */
export interface MeasuredRun {
  readonly path: string; // file, and line where it has several runs
  /** By vLLM's names; latencies in ms. */
  readonly metrics: Readonly<Record<string, number>>;
  /** What the file tells of the load, as options of a scenario. */
  readonly load: Readonly<Record<string, number | string>>;
  /** The requests, where it tells the lengths of each, so that they can be sent again as they were. */
  readonly log: RequestLog | undefined;
}

const LATENCIES = ["ttft", "tpot", "itl", "e2el"] as const;
const STATISTICS = ["mean", "p50", "p90", "p99"] as const;

/** Figures that are compared, in the order of tables. */
export const COMPARED_METRICS: readonly string[] = [
  "request_throughput",
  "output_throughput",
  ...LATENCIES.flatMap((latency) => STATISTICS.map((statistic) => `${statistic}_${latency}_ms`)),
];

/** The figures of a run beside those predicted of it, as far as both are there. */
export function comparisons(run: Pick<MeasuredRun, "metrics">, predicted: Metrics): readonly Comparison[] {
  return COMPARED_METRICS.flatMap((metric) => {
    const [measured, value] = [run.metrics[metric], predicted[metric]];
    if (measured === undefined || value === undefined || value === null) return [];
    return [{ metric, predicted: value, measured, error: value / measured - 1 }];
  });
}

const REQUEST_COLUMNS = "arrival_s, prompt_tokens, output_tokens, ttft_ms, e2el_ms";

/**
 * Results of `vllm bench serve` (one JSON object, or with --append-result one a line, each a run), or a request log with
 * timings as CSV or JSON lines with the columns arrival_s, prompt_tokens, output_tokens, ttft_ms and e2el_ms. Errors:
 * InputError with file and line.
 */
export function parseMeasuredRuns(text: string, path: string): readonly MeasuredRun[] {
  const start = text.trimStart();
  if (start === "") throw new InputError(path, "is empty");
  const log = (): RequestLog => parseRequestLog(Buffer.from(text), path);
  if (!start.startsWith("{")) return [fromRows(csvRows(text, path), path, log)];
  const whole = asObject(start);
  if (whole !== undefined && !("ttft_ms" in whole)) return [fromBenchmark(whole, path)];
  const rows = [...jsonRows(text, path)];
  if (rows[0]?.row !== undefined && "ttft_ms" in rows[0].row) return [fromRows(rows, path, log)];
  return rows.map(({ row, where }) => fromBenchmark(row, where));
}

type Row = Readonly<Record<string, unknown>>;

function asObject(text: string): Row | undefined {
  try {
    return JSON.parse(text) as Row;
  } catch {
    return undefined; // several lines, or none of them JSON
  }
}

function fromBenchmark(json: Row, path: string): MeasuredRun {
  const number = (key: string): number | undefined => {
    const value = json[key];
    if (value === undefined || value === null) return undefined;
    if (typeof value === "number" && value >= 0) return value;
    throw new InputError(path, `${key} is ${excerpt(JSON.stringify(value))}; expected a number from 0`);
  };
  const metrics: Record<string, number> = {};
  for (const metric of COMPARED_METRICS) {
    const value = number(metric) ?? number(metric.replace("p50_", "median_"));
    if (value !== undefined && value > 0) metrics[metric] = value;
  }
  if (metrics["mean_ttft_ms"] === undefined && metrics["mean_tpot_ms"] === undefined) {
    throw new InputError(
      path,
      `has neither mean_ttft_ms nor mean_tpot_ms: it is no result of vllm bench serve; a request log with timings has the columns ${REQUEST_COLUMNS}`,
    );
  }
  const hasRequests = "input_lens" in json || "output_lens" in json;
  const log = hasRequests ? requestsOf(json, path) : undefined;
  const load: Record<string, number | string> = {};
  const concurrency = number("max_concurrency");
  if (concurrency !== undefined && concurrency > 0) load["max-concurrency"] = concurrency;
  const timed = log?.hasArrivals === true;
  // Times at which requests were sent hold; but where a limit held them back, the server's own speed made these.
  if (!timed || concurrency !== undefined) {
    const rate = json["request_rate"] === "inf" ? "inf" : number("request_rate");
    if (rate !== undefined && rate !== 0) load["request-rate"] = rate;
  }
  const burstiness = timed ? undefined : number("burstiness");
  if (burstiness !== undefined && burstiness > 0 && burstiness !== 1) load["burstiness"] = burstiness;
  if (!hasRequests) Object.assign(load, meanLengths(number));
  return { path, metrics, load, log };
}

function requestsOf(json: Row, path: string): RequestLog {
  const log = new LogImport();
  log.open(path);
  log.row(json, path);
  return log.finish(path);
}

/** Without details all requests are taken as alike. */
function meanLengths(number: (key: string) => number | undefined): Readonly<Record<string, number>> {
  const [completed, input, output] = ["completed", "total_input_tokens", "total_output_tokens"].map(number);
  if (completed === undefined || input === undefined || output === undefined || completed === 0) return {};
  const each = (total: number): number => Math.max(1, Math.round(total / completed));
  return { "num-requests": completed, "input-len": each(input), "output-len": each(output) };
}

interface Timed {
  readonly row: Row;
  readonly where: string; // file and line
}

function* csvRows(text: string, path: string): Generator<Timed> {
  const cursor = new CsvCursor(Buffer.from(text), path);
  if (!cursor.next()) return;
  const names = Array.from({ length: cursor.fields }, (_, i) => cursor.text(i));
  while (cursor.next()) {
    if (cursor.fields !== names.length)
      throw cursor.error(`${cursor.fields} fields where the header has ${names.length}`);
    const row = Object.fromEntries(names.map((name, i) => [name, cursor.text(i)]));
    yield { row, where: `${path}:${cursor.line}` };
  }
}

function* jsonRows(text: string, path: string): Generator<Timed> {
  const lines = text.split("\n");
  for (const [i, line] of lines.entries()) {
    if (line.trim() === "") continue;
    const row = asObject(line);
    if (row === undefined) {
      // A document over several lines has its fault in any of them.
      throw new InputError(`${path}:${i + 1}`, jsonFault(line) ?? jsonFault(text) ?? `is not JSON: ${excerpt(line)}`);
    }
    yield { row, where: `${path}:${i + 1}` };
  }
}

function fromRows(rows: Iterable<Timed>, path: string, log: () => RequestLog): MeasuredRun {
  const samples = { ttft: new SeriesSample(), tpot: new SeriesSample(), e2el: new SeriesSample() };
  let [first, last, output, requests] = [Infinity, -Infinity, 0, 0];
  for (const { row, where } of rows) {
    const value = (name: string): number => {
      const found = row[name];
      const number = typeof found === "string" && found.trim() !== "" ? Number(found) : found;
      if (typeof number === "number" && number >= 0 && number < Infinity) return number;
      if (found === undefined) throw new InputError(where, `no column ${name}; expected ${REQUEST_COLUMNS}`);
      throw new InputError(where, `${name} is ${excerpt(JSON.stringify(found))}; expected a number from 0`);
    };
    const [arrival, tokens, ttft, e2el] = ["arrival_s", "output_tokens", "ttft_ms", "e2el_ms"].map(value) as [
      number,
      number,
      number,
      number,
    ];
    value("prompt_tokens");
    if (e2el < ttft) throw new InputError(where, `e2el_ms ${e2el} is less than ttft_ms ${ttft}`);
    first = Math.min(first, arrival);
    last = Math.max(last, arrival + e2el / 1000);
    output += tokens;
    requests++;
    samples.ttft.add(ttft, 0, 1, 1);
    samples.e2el.add(e2el, 0, 1, 1);
    if (tokens > 1) samples.tpot.add((e2el - ttft) / (tokens - 1), 0, 1, 1);
  }
  if (requests === 0) throw new InputError(path, "has no requests");
  const metrics: Record<string, number> = {
    request_throughput: requests / (last - first),
    output_throughput: output / (last - first),
  };
  for (const [latency, sample] of Object.entries(samples)) {
    if (sample.count === 0) continue;
    const [p50, p90, p99] = sample.quantiles([0.5, 0.9, 0.99]) as [number, number, number];
    Object.assign(metrics, {
      [`mean_${latency}_ms`]: sample.mean(),
      [`p50_${latency}_ms`]: p50,
      [`p90_${latency}_ms`]: p90,
      [`p99_${latency}_ms`]: p99,
    });
  }
  return { path, metrics, load: {}, log: log() };
}
