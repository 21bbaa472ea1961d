import { leadingHits, leadingTokens } from "./block-ids.js";
import { LengthBins, type LengthBin } from "./length-bins.js";
import type { RequestLog } from "./log-rows.js";
import { sessionValues } from "./log-statistics.js";

/** Requests that arrive within a stretch of time that starts at `time_s`. */
export interface ArrivalPoint {
  readonly time_s: number; // from the first request
  readonly requests_per_s: number;
  readonly prompt_tokens_per_s: number;
  readonly output_tokens_per_s: number;
  /** Share of the prompts that an unlimited prefix cache would have held: of tokens, or of blocks of unknown size. */
  readonly hit_rate: number | null; // null if no request arrives, or the log has no blocks
}

/** `share` of the values are at most `value`. */
export interface SharePoint {
  readonly what: string;
  readonly value: number;
  readonly share: number;
}

/** What the charts of a log draw. */
export interface LogCurves {
  readonly lengths: readonly LengthBin[];
  readonly binS: number;
  readonly arrivals: readonly ArrivalPoint[]; // none if the log has no arrivals or no time between them
  readonly gaps: readonly SharePoint[]; // seconds; with those of a Poisson process of the same mean
  readonly turns: readonly SharePoint[]; // requests of a session
  readonly sessionTimes: readonly SharePoint[]; // seconds
}

export function logCurves(log: RequestLog): LogCurves {
  const { arrival, length, hasArrivals } = log;
  const spanS = hasArrivals ? (arrival[length - 1] as number) : 0;
  const binS = binSeconds(spanS);
  const sessions = log.session === null ? undefined : sessionValues(log, log.session);
  return {
    lengths: lengths(log),
    binS,
    arrivals: spanS === 0 ? [] : arrivals(log, binS),
    gaps: spanS === 0 ? [] : gaps(arrival),
    turns: sessions === undefined ? [] : shares("Requests of a session", sessions.turns),
    sessionTimes:
      sessions === undefined
        ? []
        : [...shares("From request to request", sessions.gapS), ...shares("From answer to request", sessions.thinkS)],
  };
}

const MOST_BINS = 300;
const ROUND_SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200] as const;

/** A round number of seconds that cuts a span into at most 300. */
export function binSeconds(spanS: number): number {
  const found = ROUND_SECONDS.find((seconds) => spanS / seconds <= MOST_BINS);
  return found ?? 86_400 * Math.ceil(spanS / 86_400 / MOST_BINS);
}

function lengths(log: RequestLog): readonly LengthBin[] {
  const columns = { Prompt: log.promptTokens, Output: log.outputTokens, Reasoning: log.reasoningTokens };
  return Object.entries(columns).flatMap(([part, tokens]) => {
    const bins = new LengthBins(part);
    for (const each of tokens) bins.add(each, 1);
    return bins.bins();
  });
}

function arrivals(log: RequestLog, binS: number): readonly ArrivalPoint[] {
  const { blocks, arrival, promptTokens, outputTokens } = log;
  const bins = Math.floor((arrival[log.length - 1] as number) / binS) + 1;
  const [requests, prompt, output, hit, asked] = Array.from({ length: 5 }, () => new Float64Array(bins)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const hits = blocks === null ? undefined : leadingHits(blocks);
  for (let row = 0; row < log.length; row++) {
    const bin = Math.floor((arrival[row] as number) / binS);
    const tokens = promptTokens[row] as number;
    requests[bin]!++;
    prompt[bin]! += tokens;
    output[bin]! += outputTokens[row] as number;
    if (blocks === null || hits === undefined) continue;
    const found = hits[row] as number;
    const inTokens = leadingTokens(blocks, row, found, tokens);
    hit[bin]! += Number.isNaN(inTokens) ? found : inTokens;
    asked[bin]! += Number.isNaN(inTokens) ? (blocks.count[row] as number) : tokens;
  }
  return Array.from(requests, (count, bin) => ({
    time_s: bin * binS,
    requests_per_s: count / binS,
    prompt_tokens_per_s: (prompt[bin] as number) / binS,
    output_tokens_per_s: (output[bin] as number) / binS,
    hit_rate: asked[bin] === 0 ? null : (hit[bin] as number) / (asked[bin] as number),
  }));
}

function gaps(arrival: Float64Array): readonly SharePoint[] {
  const found = new Float64Array(arrival.length - 1);
  for (let i = 0; i < found.length; i++) found[i] = (arrival[i + 1] as number) - (arrival[i] as number);
  const mean = (arrival[arrival.length - 1] as number) / found.length;
  const recorded = shares("Recorded", found);
  const poisson = POINTS.map((share) => ({ what: "Poisson", value: -Math.log(1 - share) * mean, share }));
  return [...recorded, ...poisson];
}

const POINTS: readonly number[] = [
  ...Array.from({ length: 99 }, (_, i) => (i + 1) / 100),
  0.992,
  0.994,
  0.996,
  0.998,
  0.999,
];

/** The distribution function at some points, those of value 0 left out: it is drawn on a logarithmic scale. Sorts. */
function shares(what: string, values: Float64Array): readonly SharePoint[] {
  if (values.length === 0) return [];
  values.sort();
  const at = (share: number): SharePoint => ({
    what,
    value: values[Math.max(0, Math.ceil(share * values.length) - 1)] as number,
    share,
  });
  return [...POINTS.map(at), at(1)].filter(({ value }) => value > 0);
}
