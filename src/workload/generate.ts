import { InputError } from "../core/check.js";
import { stream } from "../core/rng.js";
import { constant, gamma, hourlyClock, poisson, weibull } from "./arrivals.js";
import type { WorkloadDefinition } from "./definition.js";
import { drawnLengths, fixedLengths, type DrawnLengths, type LengthModel } from "./lengths.js";
import type { RequestLog } from "./request-log.js";
import type { ArrivalProcess, LengthSource, RequestLengths, RequestSpec, Workload } from "./workload.js";

/** Requests generated if neither a number nor a duration is given. */
export const DEFAULT_REQUESTS = 1000;

/** When a run ends: after that many requests, or with the last arrival before `durationS` seconds; the first to happen. */
export interface Extent {
  readonly numRequests?: number | undefined;
  readonly durationS?: number | undefined;
}

export interface GenerateOptions extends Extent {
  readonly requestRate?: number | undefined; // requests per second; Infinity: all at time 0
  readonly burstiness?: number | undefined; // gamma shape of the gaps, as in vLLM; replaces the process of the definition
  readonly hourlyCurve?: boolean | undefined; // follow the curve of the definition, from 0 h; off unless asked for
}

export interface FixedOptions extends Extent {
  readonly inputLen: number;
  readonly outputLen: number;
  readonly reasoningShare?: number | undefined; // default 0
  readonly requestRate?: number | undefined; // default Infinity, as in vLLM
  readonly burstiness?: number | undefined; // default 1, Poisson
}

export interface LogOptions extends Extent {
  readonly rateScale?: number | undefined; // 2 sends everything at twice the recorded rate; Infinity: all at time 0
  readonly requestRate?: number | undefined; // requests per second, for a log without arrivals; default Infinity
  readonly burstiness?: number | undefined; // of those arrivals; default 1, Poisson
}

/** A workload that knows its limit: a request with `outputTokens === outputLimit` was truncated. */
export interface DefinedWorkload extends Workload {
  readonly outputLimit: number;
}

/** Arrivals and lengths of a definition; the options replace what the definition says. */
export function definitionWorkload(definition: WorkloadDefinition, options: GenerateOptions = {}): DefinedWorkload {
  const rate = options.requestRate ?? definition.requestRate.value;
  const process =
    options.burstiness === undefined ? arrivalProcess(definition.arrivals, rate) : gamma(rate, options.burstiness);
  const factors = options.hourlyCurve === true ? curve(definition) : undefined;
  const end = extent(options, rate);
  const lengths = drawnLengths(lengthModel(definition));
  const { limit } = definition.output;
  return {
    name: definition.name,
    source: Object.values(definition.sources).join("; "),
    notes: [
      ...definition.notes,
      `Arrivals: ${process.name}${factors === undefined ? "" : ", following the hourly curve from 0 h"}.`,
      `Outputs are cut at ${limit} tokens: a request of exactly ${limit} output tokens was truncated.`,
    ],
    outputLimit: limit,
    requests: (seed) => renewal(process, factors, end, seed, streams(lengths, seed)),
  };
}

/** The same lengths for every request: `--input-len` and `--output-len`. */
export function fixedWorkload(options: FixedOptions): Workload {
  const lengths = fixedLengths(options.inputLen, options.outputLen, options.reasoningShare);
  const rate = options.requestRate ?? Infinity;
  const process = gamma(rate, options.burstiness);
  const end = extent(options, rate);
  return {
    name: lengths.name,
    source: "lengths as given",
    notes: [`Arrivals: ${process.name}.`],
    requests: (seed) => renewal(process, undefined, end, seed, streams(lengths, seed)),
  };
}

/** A recorded log, replayed; the seed changes nothing but arrivals that the log does not have. `durationS` is measured after scaling. */
export function logWorkload(log: RequestLog, options: LogOptions, name: string): Workload {
  const scale = options.rateScale ?? 1;
  if (!(scale > 0)) throw new InputError("rate-scale", `${scale} is not allowed; expected a number above 0`);
  const { numRequests, durationS } = checkedExtent(options);
  const notes = [...log.notes];
  if (scale !== 1) notes.push(`Recorded arrivals are sent at ${scale.toPrecision(4)} times their rate.`);
  if (numRequests !== undefined && numRequests > log.length) {
    notes.push(`The log has ${log.length} requests, fewer than the ${numRequests} asked for.`);
  }
  if (log.session !== null) {
    notes.push("Requests of a session are sent at their recorded times; none waits for the answer before it.");
  }
  if (log.blocks !== null) notes.push("The log knows shared prefixes; the simulation does not reuse them.");
  const rate = options.requestRate ?? Infinity;
  const process = log.hasArrivals ? undefined : gamma(rate, options.burstiness);
  if (process !== undefined) notes.push(`Arrivals: ${process.name}.`);
  return {
    name,
    source: `request log (${log.format})`,
    notes,
    *requests(seed) {
      const gaps = stream(seed, "workload/arrivals");
      let drawn = 0;
      const count = Math.min(log.length, numRequests ?? Infinity);
      for (let id = 0; id < count; id++) {
        if (process !== undefined && id > 0) drawn += process.gap(gaps);
        const arrival = process === undefined ? (log.arrival[id] as number) / scale : drawn;
        if (durationS !== undefined && arrival >= durationS) return;
        yield {
          id,
          arrival,
          promptTokens: log.promptTokens[id] as number,
          outputTokens: log.outputTokens[id] as number,
          reasoningTokens: log.reasoningTokens[id] as number,
          priority: log.priority[id] as number,
          session: log.session?.[id] ?? "",
        };
      }
    },
  };
}

/** Requests per second of a log: gaps over the time they span. Infinity if all arrive at once. */
export function meanRate(log: RequestLog): number {
  return (log.length - 1) / (log.arrival[log.length - 1] as number) || Infinity;
}

/** The length model of a definition, in the form that `drawnLengths` takes. */
export function lengthModel({ prompt, output }: WorkloadDefinition): LengthModel {
  if (output.kind === "parts") return { prompt, output };
  const { components, limit, reasoning } = output;
  return { prompt, output: { kind: "total", components, limit, share: reasoning.share } };
}

function arrivalProcess(arrivals: WorkloadDefinition["arrivals"], rate: number): ArrivalProcess {
  switch (arrivals.process) {
    case "poisson":
      return poisson(rate);
    case "constant":
      return constant(rate);
    case "gamma":
      return gamma(rate, arrivals.shape);
    case "weibull":
      return weibull(rate, arrivals.shape);
  }
}

function curve({ name, hourlyCurve }: WorkloadDefinition): readonly number[] {
  if (hourlyCurve !== undefined) return hourlyCurve.factors;
  throw new InputError("hourly-curve", `the workload ${name} has no curve over the day`);
}

function checkedExtent({ numRequests, durationS }: Extent): Extent {
  if (numRequests !== undefined && !(Number.isSafeInteger(numRequests) && numRequests >= 1)) {
    throw new InputError("num-requests", `${numRequests} is not allowed; expected a whole number from 1`);
  }
  if (durationS !== undefined && !(durationS > 0)) {
    throw new InputError("duration", `${durationS} is not allowed; expected seconds above 0`);
  }
  return { numRequests, durationS };
}

interface End {
  readonly requests: number;
  readonly seconds: number;
}

function extent(options: Extent, rate: number): End {
  const { numRequests, durationS } = checkedExtent(options);
  const endless = durationS === undefined || durationS === Infinity || rate === Infinity;
  if (numRequests === undefined && durationS !== undefined && endless) {
    throw new InputError(
      "duration",
      "does not end a workload whose requests all arrive at once; give num-requests too",
    );
  }
  return {
    requests: numRequests ?? (durationS === undefined ? DEFAULT_REQUESTS : Infinity),
    seconds: durationS ?? Infinity,
  };
}

function streams(lengths: LengthSource | DrawnLengths, seed: number): () => RequestLengths {
  const prompt = stream(seed, "workload/prompt");
  if (!("drawFrom" in lengths)) return () => lengths.draw(prompt);
  const each = { prompt, output: stream(seed, "workload/output"), share: stream(seed, "workload/share") };
  return () => lengths.drawFrom(each);
}

/** The first request comes at time 0, each other one a gap after the one before it. */
function* renewal(
  process: ArrivalProcess,
  factors: readonly number[] | undefined,
  end: End,
  seed: number,
  lengths: () => RequestLengths,
): Generator<RequestSpec> {
  const gaps = stream(seed, "workload/arrivals");
  const clock = factors === undefined ? undefined : hourlyClock(factors);
  let operational = 0;
  for (let id = 0; id < end.requests; id++) {
    if (id > 0) operational += process.gap(gaps);
    const arrival = clock === undefined ? operational : clock(operational);
    if (arrival >= end.seconds) return;
    const { promptTokens, outputTokens, reasoningTokens } = lengths();
    yield { id, arrival, promptTokens, outputTokens, reasoningTokens, priority: 0, session: "" };
  }
}
