import { gammaFunction } from "./arrivals.js";
import { expectedRequests, wholeTokens } from "./client-mix.js";
import { LengthBins, type LengthBin } from "./length-bins.js";
import { binSeconds } from "./log-curves.js";
import type { Spread } from "./log-statistics.js";
import { lengthsAt, type Histogram, type RateWindow, type ServegenClient } from "./servegen.js";

/** Of weighted values: a percentile is the smallest value that at least this share of the weight does not exceed. */
export type WeightedSpread = Omit<Spread, "n" | "sd">;

/** What client models expect, without drawing anything; lengths are weighted by the requests of client and window. */
export interface MixStatistics {
  readonly format: string;
  readonly clients: number;
  readonly spanS: number;
  readonly requests: number; // expected over the span
  readonly requestsPerS: { readonly mean: number; readonly lowest: number; readonly highest: number }; // of a window
  readonly idleShare: number; // of windows of clients
  readonly promptTokens: WeightedSpread;
  readonly outputTokens: WeightedSpread;
  readonly reasoningShare: WeightedSpread | null; // of the output of a request; null if no client has any
  readonly outputPerPromptToken: number;
  readonly gapCv: WeightedSpread; // inside a client and window, weighted by requests
  readonly busiestClients: readonly { readonly clients: number; readonly share: number }[]; // of requests
  readonly requestsByHour: readonly number[]; // from the start of the recording, days together
  readonly notes: readonly string[];
}

/** Statistics, and what the charts draw. */
export interface MixInfo {
  readonly statistics: MixStatistics;
  readonly lengths: readonly LengthBin[];
  readonly binS: number;
  readonly rates: readonly ClientRate[];
  readonly reasoningShares: readonly ShareBin[];
}

/** Of all requests, those whose reasoning is from `from_share` to before `to_share` of their output. */
export interface ShareBin {
  readonly from_share: number;
  readonly to_share: number;
  readonly share: number;
}

/** Rate of a client, or of all but the busiest together, from `time_s` on. */
export interface ClientRate {
  readonly time_s: number;
  readonly client: string;
  readonly requests_per_s: number;
}

const NAMED_CLIENTS = 5;
const SHARE_BINS = 50;
const OTHERS = "all others";

export function mixInfo(clients: readonly ServegenClient[]): MixInfo {
  const spanS = Math.max(...clients.map(({ windows }) => windows.at(-1)?.end ?? 0));
  const expected = clients.map(({ windows }) => expectedRequests(windows, 0, spanS));
  const requests = expected.reduce((sum, each) => sum + each, 0);
  const all = { prompt: new Weighted(), output: new Weighted(), share: new Weighted(), cv: new Weighted() };
  for (const client of clients) addClient(all, client);
  const totals = ratesBetween(clients);
  const promptTokens = all.prompt.spread();
  const outputTokens = all.output.spread();
  const statistics: MixStatistics = {
    format: "servegen client models",
    clients: clients.length,
    spanS,
    requests,
    requestsPerS: { mean: requests / spanS, lowest: Math.min(...totals), highest: Math.max(...totals) },
    idleShare: idleShare(clients),
    promptTokens,
    outputTokens,
    reasoningShare: all.share.spread().max > 0 ? all.share.spread() : null,
    outputPerPromptToken: outputTokens.mean / promptTokens.mean,
    gapCv: all.cv.spread(),
    busiestClients: busiest(expected, requests),
    requestsByHour: byHour(clients, spanS),
    notes: ["These are models of clients, not requests: a rate and a burstiness a window, histograms of lengths."],
  };
  const binS = binSeconds(spanS);
  return {
    statistics,
    binS,
    lengths: [...all.prompt.bins("Prompt"), ...all.output.bins("Output")],
    rates: clientRates(clients, expected, spanS, binS),
    reasoningShares: statistics.reasoningShare === null ? [] : all.share.shareBins(),
  };
}

type Sums = Readonly<Record<"prompt" | "output" | "share" | "cv", Weighted>>;

function addClient(all: Sums, client: ServegenClient): void {
  for (const window of client.windows) {
    const weight = window.rate * (window.end - window.start);
    if (weight === 0) continue;
    const { prompt, output, share } = lengthsAt(client, window.start);
    all.prompt.addAll(prompt, weight, wholeTokens);
    all.output.addAll(output, weight, wholeTokens);
    if (share !== undefined) all.share.addAll(share, weight, (value) => value);
    all.cv.add(gapCv(window), weight);
  }
}

/** Standard deviation over mean of the gaps. */
function gapCv({ family, shape }: RateWindow): number {
  if (family === "gamma") return 1 / Math.sqrt(shape);
  return Math.sqrt(gammaFunction(1 + 2 / shape) / gammaFunction(1 + 1 / shape) ** 2 - 1);
}

/** Rates of all clients together, between any two times at which one of them changes. */
function ratesBetween(clients: readonly ServegenClient[]): readonly number[] {
  const steps = new Map<number, number>(); // time → change of the rate
  for (const { start, end, rate } of clients.flatMap(({ windows }) => windows)) {
    steps.set(start, (steps.get(start) ?? 0) + rate);
    steps.set(end, (steps.get(end) ?? 0) - rate);
  }
  let rate = 0;
  const rates = [...steps].sort(([a], [b]) => a - b).map(([, change]) => (rate += change));
  return rates.slice(0, -1).map((value) => Math.max(0, value)); // sums that return to 0 miss it by rounding
}

function idleShare(clients: readonly ServegenClient[]): number {
  const windows = clients.flatMap((client) => client.windows);
  return windows.filter(({ rate }) => rate === 0).length / windows.length;
}

function busiest(expected: readonly number[], requests: number): MixStatistics["busiestClients"] {
  const sorted = [...expected].sort((a, b) => b - a);
  return [1, 3, 5, 10]
    .filter((clients) => clients <= sorted.length)
    .map((clients) => ({
      clients,
      share: sorted.slice(0, clients).reduce((sum, each) => sum + each, 0) / requests,
    }));
}

function byHour(clients: readonly ServegenClient[], spanS: number): readonly number[] {
  const hours = Array.from({ length: 24 }, () => 0);
  for (let hour = 0; hour * 3600 < spanS; hour++) {
    hours[hour % 24]! += clients.reduce(
      (sum, { windows }) => sum + expectedRequests(windows, hour * 3600, (hour + 1) * 3600),
      0,
    );
  }
  return hours;
}

function clientRates(
  clients: readonly ServegenClient[],
  expected: readonly number[],
  spanS: number,
  binS: number,
): readonly ClientRate[] {
  const order = clients.map((client, i) => ({ client, requests: expected[i] as number }));
  order.sort((a, b) => b.requests - a.requests);
  const groups = order.slice(0, NAMED_CLIENTS).map(({ client }) => ({ name: client.name, members: [client] }));
  const others = order.slice(NAMED_CLIENTS).map(({ client }) => client);
  if (others.length > 0) groups.push({ name: OTHERS, members: others });
  return groups.flatMap(({ name, members }) =>
    Array.from({ length: Math.ceil(spanS / binS) }, (_, bin) => ({
      time_s: bin * binS,
      client: name,
      requests_per_s:
        members.reduce((sum, { windows }) => sum + expectedRequests(windows, bin * binS, (bin + 1) * binS), 0) / binS,
    })),
  );
}

/** Values with weights. */
class Weighted {
  readonly #weights = new Map<number, number>();

  add(value: number, weight: number): void {
    this.#weights.set(value, (this.#weights.get(value) ?? 0) + weight);
  }

  addAll(histogram: Histogram, weight: number, change: (value: number) => number): void {
    histogram.forEach((value, share) => this.add(change(value), share * weight));
  }

  bins(part: string): readonly LengthBin[] {
    const bins = new LengthBins(part);
    for (const [value, weight] of this.#weights) bins.add(value, weight);
    return bins.bins();
  }

  /** Of values from 0 to 1; 1 is in the last bin. */
  shareBins(): readonly ShareBin[] {
    const bins = Array.from({ length: SHARE_BINS }, () => 0);
    let total = 0;
    for (const [value, weight] of this.#weights) {
      bins[Math.min(SHARE_BINS - 1, Math.floor(value * SHARE_BINS))]! += weight;
      total += weight;
    }
    return bins.map((weight, i) => ({
      from_share: i / SHARE_BINS,
      to_share: (i + 1) / SHARE_BINS,
      share: weight / total,
    }));
  }

  /** All 0 without values. */
  spread(): WeightedSpread {
    const sorted = [...this.#weights].sort(([a], [b]) => a - b);
    const total = sorted.reduce((sum, [, weight]) => sum + weight, 0);
    const quantile = (share: number): number => {
      let left = share * total;
      return sorted.find(([, weight]) => (left -= weight) <= 0)?.[0] ?? sorted.at(-1)?.[0] ?? 0;
    };
    return {
      mean: total === 0 ? 0 : sorted.reduce((sum, [value, weight]) => sum + value * weight, 0) / total,
      p5: quantile(0.05),
      p25: quantile(0.25),
      p50: quantile(0.5),
      p75: quantile(0.75),
      p90: quantile(0.9),
      p95: quantile(0.95),
      p99: quantile(0.99),
      max: sorted.at(-1)?.[0] ?? 0,
    };
  }
}
