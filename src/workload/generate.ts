import { check, InputError } from "../core/check.js";
import { constant, gamma, poisson, weibull } from "./arrivals.js";
import type { WorkloadDefinition } from "./definition.js";
import { checkedExtent, DEFAULT_REQUESTS, type Extent } from "./extent.js";
import { drawnLengths, fixedLengths, type LengthModel } from "./lengths.js";
import { parseRateCurve, type RateCurve } from "./rate-curve.js";
import { continues, sessionNotes, type SessionShape } from "./sessions.js";
import { trafficRequests, type End, type Load, type Traffic } from "./traffic.js";
import type { Sender } from "./sender.js";
import type { ArrivalProcess, Tenant, Workload } from "./workload.js";

/** How questions follow each other. */
export interface LoadOptions extends Extent {
  readonly rateCurve?: string | undefined; // as parseRateCurve takes it; the rate is the mean of the day
  readonly startHour?: number | undefined; // of the day, at time 0; default 0
  readonly users?: number | undefined; // a closed loop of so many, instead of arrivals at a rate
  readonly sessions?: SessionShape | undefined; // needed with users
  readonly bestOf?: number | undefined; // samples of each question, default 1; numRequests counts questions
  readonly prefixLen?: number | undefined; // tokens that all prompts of a tenant begin with, before their own; default 0
}

export interface GenerateOptions extends LoadOptions {
  readonly requestRate?: number | undefined; // requests per second; Infinity: all at time 0
  readonly burstiness?: number | undefined; // gamma shape of the gaps, as in vLLM; replaces the process of the definition
}

export interface FixedOptions extends LoadOptions {
  readonly inputLen: number;
  readonly outputLen: number;
  readonly reasoningShare?: number | undefined; // default 0
  readonly requestRate?: number | undefined; // default Infinity, as in vLLM
  readonly burstiness?: number | undefined; // default 1, Poisson
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
  const load = loadOf(options, process, ownCurve(definition));
  const end = extent(options, rate, load);
  const senders = sendersOf(definition);
  const { limit } = definition.output;
  return {
    name: definition.name,
    source: Object.values(definition.sources).join("; "),
    notes: [
      ...definition.notes,
      ...loadNotes(load, options),
      `Outputs are cut at ${limit} tokens: a request of exactly ${limit} output tokens was truncated.`,
    ],
    outputLimit: limit,
    ...(definition.tenants === undefined ? {} : { tenants: definition.tenants.map(tenantOf) }),
    ...sharing(options),
    requests: (seed) => trafficRequests({ senders, ...sampling(options), load, end }, seed),
  };
}

/** The same lengths for every request: `--input-len` and `--output-len`. */
export function fixedWorkload(options: FixedOptions): Workload {
  const lengths = fixedLengths(options.inputLen, options.outputLen, options.reasoningShare);
  const rate = options.requestRate ?? Infinity;
  const process = gamma(rate, options.burstiness);
  const senders = [{ name: "", share: 1, priority: 0, lengths }];
  const load = loadOf(options, process);
  const end = extent(options, rate, load);
  return {
    name: lengths.name,
    source: "lengths as given",
    notes: loadNotes(load, options),
    ...sharing(options),
    requests: (seed) => trafficRequests({ senders, ...sampling(options), load, end }, seed),
  };
}

function sampling({ bestOf = 1, prefixLen = 0 }: LoadOptions): Pick<Traffic, "bestOf" | "prefixTokens"> {
  return { bestOf, prefixTokens: prefixLen };
}

function sharing({ bestOf = 1, prefixLen = 0, sessions }: LoadOptions): Pick<Workload, "sharesPrefixes"> {
  return { sharesPrefixes: bestOf > 1 || prefixLen > 0 || (sessions !== undefined && continues(sessions)) };
}

function loadOf(
  { users, sessions, requestRate, burstiness, rateCurve, startHour = 0 }: GenerateOptions,
  process: ArrivalProcess,
  own?: RateCurve,
): Load {
  if (users === undefined) {
    const curve = rateCurve === undefined ? undefined : { ...parseRateCurve(rateCurve, own), startHour };
    return { kind: "open", process, curve, sessions };
  }
  const rates = { "request-rate": requestRate, burstiness, "rate-curve": rateCurve };
  const given = Object.entries(rates).find(([, value]) => value !== undefined);
  if (given !== undefined) {
    throw new InputError(given[0], "does not go with users: each sends when the last answer has come");
  }
  check(sessions !== undefined, "users without sessions");
  return { kind: "closed", users, sessions };
}

function loadNotes(load: Load, { bestOf = 1, prefixLen = 0 }: LoadOptions): string[] {
  const { sessions } = load;
  const following = sessions === undefined ? [] : sessionNotes(sessions);
  if (prefixLen > 0) following.push(`All prompts of a tenant begin with the same ${prefixLen} tokens, then their own.`);
  if (bestOf > 1) {
    following.push(
      `Each question has ${bestOf} samples, sent together, with one prompt; drawn lengths share ` +
        `the level of their question (own fit to DeepSeek-R1 on MLPerf inference). A vote waits for the last sample.`,
    );
  }
  if (load.kind === "closed") {
    const thinks = `each sends ${load.sessions.thinkSeconds.name} after its last answer, and first after as long`;
    return [`Closed loop of ${load.users} users: ${thinks}.`, ...following];
  }
  const { curve } = load;
  const curved =
    curve === undefined
      ? ""
      : `, following the rate curve ${curve.name} (${curve.source}) from ${curve.startHour} h, that rate being the mean of the day`;
  return [`Arrivals${sessions !== undefined ? " of sessions" : ""}: ${load.process.name}${curved}.`, ...following];
}

function sendersOf(definition: WorkloadDefinition): Sender[] {
  const { tenants, prompt, output } = definition;
  if (tenants === undefined) {
    return [{ name: "", share: 1, priority: 0, lengths: drawnLengths(lengthModel(definition)) }];
  }
  return tenants.map(({ name, share, priority = 0, ...own }) => ({
    name,
    share,
    priority,
    lengths: drawnLengths(lengthModel({ prompt: own.prompt ?? prompt, output: own.output ?? output })),
  }));
}

function tenantOf({ name, priority = 0, thinkingBudget }: NonNullable<WorkloadDefinition["tenants"]>[number]): Tenant {
  return { name, priority, thinkingBudget };
}

/** The length model of a definition, in the form that `drawnLengths` takes. */
function lengthModel({ prompt, output }: Pick<WorkloadDefinition, "prompt" | "output">): LengthModel {
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

function ownCurve({ name, hourlyCurve, sources }: WorkloadDefinition): RateCurve | undefined {
  if (hourlyCurve === undefined) return undefined;
  return { name: `of ${name}`, source: sources[hourlyCurve.source] as string, factors: hourlyCurve.factors };
}

function extent(options: Extent, rate: number, load: Load): End {
  const { numRequests, durationS } = checkedExtent(options);
  const endless = durationS === undefined || durationS === Infinity || (load.kind === "open" && rate === Infinity);
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
