import { prefixReuse, type PrefixBlocks, type PrefixReuse } from "./block-ids.js";
import type { RequestLog } from "./log-rows.js";

/** Mean, standard deviation and percentiles, interpolated linearly between the two nearest values, as NumPy does. */
export interface Spread {
  readonly n: number;
  readonly mean: number;
  readonly sd: number;
  readonly p5: number;
  readonly p25: number;
  readonly p50: number;
  readonly p75: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export interface ArrivalStatistics {
  readonly spanS: number;
  readonly requestsPerS: number | null; // gaps over the span; null if all arrive at once
  /** Standard deviation over mean of the gaps; 1 is Poisson. null if all arrive at once. */
  readonly gapCv: number | null;
  readonly zeroGapShare: number;
  readonly gapS: Spread;
  /** Requests by hour: of the day if the log knows it, else counted from the first request, 24 in turn. */
  readonly requestsByHour: readonly number[];
  readonly hoursAre: "of day" | "from the first request";
}

export interface SessionStatistics {
  readonly sessions: number;
  readonly turns: Spread;
  readonly singleShare: number; // of sessions
  readonly turnGapS: Spread | null; // between arrivals of a session, service time included
  readonly thinkS: Spread | null; // between an answer's end and the next request, where the log has it
}

/** Of a cache without limit, and of smaller ones that were asked for. */
export interface PrefixStatistics extends PrefixReuse {
  readonly blockTokens: number | null;
  readonly limited: readonly (Pick<PrefixReuse, "tokenHitRate" | "blockHitRate"> & { readonly cacheBlocks: number })[];
}

export interface LogStatistics {
  readonly format: string;
  readonly requests: number;
  readonly failed: number;
  readonly promptTokens: Spread;
  readonly outputTokens: Spread;
  readonly reasoningShare: number | null; // of output tokens; null if no request has any
  readonly outputPerPromptToken: number;
  readonly arrivals: ArrivalStatistics | null;
  readonly sessions: SessionStatistics | null;
  readonly prefix: PrefixStatistics | null;
  readonly notes: readonly string[];
}

/** What a log looks like. All values are finite numbers or null. `cacheBlocks` are sizes of caches to try. */
export function logStatistics(log: RequestLog, cacheBlocks: readonly number[] = []): LogStatistics {
  const prompts = sum(log.promptTokens);
  const outputs = sum(log.outputTokens);
  const reasoning = sum(log.reasoningTokens);
  return {
    format: log.format,
    requests: log.length,
    failed: log.failed,
    promptTokens: spread(Float64Array.from(log.promptTokens)),
    outputTokens: spread(Float64Array.from(log.outputTokens)),
    reasoningShare: reasoning === 0 ? null : reasoning / outputs,
    outputPerPromptToken: outputs / prompts,
    arrivals: log.hasArrivals && log.length > 1 ? arrivalStatistics(log) : null,
    sessions: log.session === null ? null : sessionStatistics(log, log.session),
    prefix: log.blocks === null ? null : prefixStatistics(log.blocks, log.promptTokens, cacheBlocks),
    notes: log.notes,
  };
}

function prefixStatistics(
  blocks: PrefixBlocks,
  promptTokens: Int32Array,
  cacheBlocks: readonly number[],
): PrefixStatistics {
  return {
    blockTokens: blocks.blockTokens,
    ...prefixReuse(blocks, promptTokens),
    limited: cacheBlocks.map((capacity) => {
      const { tokenHitRate, blockHitRate } = prefixReuse(blocks, promptTokens, capacity);
      return { cacheBlocks: capacity, tokenHitRate, blockHitRate };
    }),
  };
}

function arrivalStatistics({ arrival, length, secondOfDay }: RequestLog): ArrivalStatistics {
  const gaps = new Float64Array(length - 1);
  for (let i = 0; i < gaps.length; i++) gaps[i] = (arrival[i + 1] as number) - (arrival[i] as number);
  const zero = gaps.reduce((count, gap) => count + (gap === 0 ? 1 : 0), 0);
  const spanS = arrival[length - 1] as number;
  const gapS = spread(gaps);
  const hours = Array.from({ length: 24 }, () => 0);
  for (const time of arrival) {
    const hour = Math.floor(((secondOfDay ?? 0) + time) / 3600) % 24;
    hours[hour] = (hours[hour] as number) + 1;
  }
  return {
    spanS,
    requestsPerS: ratio(gaps.length, spanS),
    gapCv: ratio(gapS.sd, gapS.mean),
    zeroGapShare: zero / gaps.length,
    gapS,
    requestsByHour: hours,
    hoursAre: secondOfDay === null ? "from the first request" : "of day",
  };
}

function sessionStatistics(log: RequestLog, session: readonly string[]): SessionStatistics {
  const { turns, gapS, thinkS } = sessionValues(log, session);
  return {
    sessions: turns.length,
    singleShare: turns.filter((count) => count === 1).length / turns.length,
    turns: spread(turns),
    turnGapS: gapS.length === 0 ? null : spread(gapS),
    thinkS: thinkS.length === 0 ? null : spread(thinkS),
  };
}

/** What the sessions of a log are made of; each in any order. */
export interface SessionValues {
  readonly turns: Float64Array; // requests of each session
  readonly gapS: Float64Array; // between arrivals of a session; none if the log has no arrivals
  readonly thinkS: Float64Array; // where the log has them
}

export function sessionValues(log: RequestLog, session: readonly string[]): SessionValues {
  const turns = new Map<string, number>();
  const last = new Map<string, number>();
  const gaps: number[] = [];
  for (let i = 0; i < log.length; i++) {
    const name = session[i] as string;
    if (name === "") continue; // a request of no session
    const before = last.get(name);
    const now = log.arrival[i] as number;
    if (before !== undefined) gaps.push(now - before);
    last.set(name, now);
    turns.set(name, (turns.get(name) ?? 0) + 1);
  }
  return {
    turns: Float64Array.from(turns.values()),
    gapS: Float64Array.from(log.hasArrivals ? gaps : []),
    thinkS: log.thinkS?.filter((value) => !Number.isNaN(value)) ?? new Float64Array(0),
  };
}

/** Of at least one value; sorts them in place. */
function spread(values: Float64Array): Spread {
  const n = values.length;
  const mean = sum(values) / n;
  let squares = 0;
  for (let i = 0; i < n; i++) squares += ((values[i] as number) - mean) ** 2;
  values.sort();
  const quantile = (share: number): number => {
    const at = (n - 1) * share;
    const low = values[Math.floor(at)] as number;
    return low + (at - Math.floor(at)) * ((values[Math.ceil(at)] as number) - low);
  };
  return {
    n,
    mean,
    sd: Math.sqrt(squares / n),
    p5: quantile(0.05),
    p25: quantile(0.25),
    p50: quantile(0.5),
    p75: quantile(0.75),
    p90: quantile(0.9),
    p95: quantile(0.95),
    p99: quantile(0.99),
    max: values[n - 1] as number,
  };
}

/** null where it is not a number, as over a time span of 0. */
function ratio(a: number, b: number): number | null {
  return Number.isFinite(a / b) ? a / b : null;
}

function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i] as number;
  return total;
}
