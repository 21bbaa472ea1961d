import { randomGamma, randomWeibull } from "d3-random";
import { InputError } from "../core/check.js";
import { eventQueue } from "../core/event-queue.js";
import { stream, type Rng } from "../core/rng.js";
import { gammaFunction } from "./arrivals.js";
import { checkedExtent, DEFAULT_REQUESTS, type Extent } from "./extent.js";
import { lengthsAt, type RateWindow, type ServegenClient } from "./servegen.js";
import type { RequestSpec, Workload } from "./workload.js";

export interface MixOptions extends Extent {
  readonly from?: number | undefined; // second of the recording at which the run begins, default 0
  readonly to?: number | undefined; // and ends, default its end
  readonly requestRate?: number | undefined; // mean over the part that is run, instead of the recorded rate
  readonly rateScale?: number | undefined; // times the recorded rate; default 1
}

/** Requests drawn from client models: each client by itself, merged in order of arrival. */
export function mixWorkload(clients: readonly ServegenClient[], options: MixOptions, name: string): Workload {
  const recorded = Math.max(...clients.map(({ windows }) => windows.at(-1)?.end ?? 0));
  const { from = 0, to = recorded } = options;
  if (!(from >= 0 && from < recorded)) {
    throw new InputError(
      "from",
      `${from} is not allowed; expected seconds from 0 to below ${recorded}, the recorded end`,
    );
  }
  if (!(to > from && to <= recorded)) {
    throw new InputError(
      "to",
      `${to} is not allowed; expected seconds above ${from} and up to ${recorded}, the recorded end`,
    );
  }
  const { numRequests, durationS } = checkedExtent(options);
  const mean = clients.reduce((sum, { windows }) => sum + expectedRequests(windows, from, to), 0) / (to - from);
  if (mean === 0) throw new InputError("from", `all clients are idle from ${from} s to ${to} s`);
  const scale = rateFactor(options, mean);
  const whole =
    numRequests === undefined && durationS === undefined && options.from === undefined && options.to === undefined;
  const most = whole ? DEFAULT_REQUESTS : (numRequests ?? Infinity);
  const end = Math.min(to, from + (durationS ?? Infinity));
  return {
    name,
    source: "client models as ServeGen publishes them",
    notes: [
      `${clients.length} clients, each with rates, burstiness and lengths of its own, from ${from} s to ${to} s of the ` +
        `recording: ${mean.toPrecision(4)} requests/s on average${scale === 1 ? "" : `, sent at ${scale.toPrecision(4)} times that`}.`,
      "Prompt, output and share of reasoning are drawn independently inside a client and window; no joint data exist.",
    ],
    *requests(seed) {
      let id = 0;
      for (const { arrival, draw } of merged(clients, from, end, scale, seed)) {
        if (id >= most) return;
        yield { id: id++, arrival: arrival - from, priority: 0, session: "", ...draw(arrival) };
      }
    },
  };
}

function rateFactor({ requestRate, rateScale }: MixOptions, mean: number): number {
  if (requestRate !== undefined && rateScale !== undefined) {
    throw new InputError("rate-scale", "does not go with request-rate, which sets the rate");
  }
  if (requestRate === Infinity) throw new InputError("request-rate", "inf is not allowed for clients with a rate each");
  return requestRate === undefined ? (rateScale ?? 1) : requestRate / mean;
}

/** Requests that the windows expect between two times. */
export function expectedRequests(windows: readonly RateWindow[], from: number, to: number): number {
  return windows.reduce(
    (sum, window) => sum + window.rate * Math.max(0, Math.min(to, window.end) - Math.max(from, window.start)),
    0,
  );
}

type Lengths = Pick<RequestSpec, "promptTokens" | "outputTokens" | "reasoningTokens">;

interface Arrival {
  readonly arrival: number;
  readonly draw: (arrival: number) => Lengths;
}

function* merged(
  clients: readonly ServegenClient[],
  from: number,
  to: number,
  scale: number,
  seed: number,
): Generator<Arrival> {
  const queue = eventQueue<{
    readonly times: Iterator<number>;
    readonly draw: Arrival["draw"];
    readonly rank: number;
  }>();
  clients.forEach((client, rank) => {
    const times = clientArrivals(
      client.windows,
      from,
      to,
      scale,
      stream(seed, `workload/client/${client.name}/arrivals`),
    );
    const first = times.next();
    if (first.done !== true) queue.push(first.value, rank, { times, draw: clientLengths(client, seed), rank });
  });
  for (let due = queue.pop(); due !== undefined; due = queue.pop()) {
    const { times, draw, rank } = due.event;
    yield { arrival: due.time, draw };
    const next = times.next();
    if (next.done !== true) queue.push(next.value, rank, { times, draw, rank });
  }
}

/**
 * A renewal process whose time runs at the rate of the window it is in: gaps of mean 1 with the window's family and
 * shape, spent at `rate` a second, so that every window has its rate whatever its burstiness, and idle ones take none.
 */
function* clientArrivals(
  windows: readonly RateWindow[],
  from: number,
  to: number,
  scale: number,
  rng: Rng,
): Generator<number, undefined> {
  let left = NaN; // of the gap under way
  for (const window of windows) {
    const rate = window.rate * scale;
    const end = Math.min(to, window.end);
    let now = Math.max(from, window.start);
    if (rate === 0 || now >= end) continue;
    const gap = unitGap(window, rng);
    if (Number.isNaN(left)) left = rng() * gap(); // somewhere in a gap when the run begins
    while (now + left / rate < end) {
      now += left / rate;
      yield now;
      left = gap();
    }
    left -= (end - now) * rate;
  }
  return undefined;
}

/** Gaps of mean 1. */
function unitGap({ family, shape }: RateWindow, rng: Rng): () => number {
  return family === "gamma"
    ? randomGamma.source(rng)(shape, 1 / shape)
    : randomWeibull.source(rng)(shape, 0, 1 / gammaFunction(1 + 1 / shape));
}

/** A length in a histogram as a request has it. */
export function wholeTokens(value: number): number {
  return Math.max(1, Math.ceil(value));
}

function clientLengths(client: ServegenClient, seed: number): Arrival["draw"] {
  const [prompt, output, share] = ["prompt", "output", "share"].map((field) =>
    stream(seed, `workload/client/${client.name}/${field}`),
  ) as [Rng, Rng, Rng];
  return (arrival) => {
    const window = lengthsAt(client, arrival);
    const outputTokens = wholeTokens(window.output.draw(output));
    return {
      promptTokens: wholeTokens(window.prompt.draw(prompt)),
      outputTokens,
      reasoningTokens: Math.round(outputTokens * (window.share?.draw(share) ?? 0)),
    };
  };
}
