import { InputError } from "../core/check.js";
import { stream } from "../core/rng.js";
import { gamma } from "./arrivals.js";
import { checkedExtent, type Extent } from "./extent.js";
import { sentRows, type LogPart } from "./log-rows-sent.js";
import { promptTexts } from "./prompt-texts.js";
import type { RequestLog } from "./request-log.js";
import type { Workload } from "./workload.js";

export interface LogOptions extends Extent, LogPart {
  /** Recorded times are multiplied by it: 0.5 plays the log twice as fast, 0 sends everything at once. Default 1. */
  readonly timeScale?: number | undefined;
  /** Requests per second to play the log at, instead of a time scale; Infinity: all at once. */
  readonly requestRate?: number | undefined;
  /** Gamma shape of the gaps that a log without arrivals is given at that rate; default 1, Poisson. */
  readonly burstiness?: number | undefined;
}

/**
 * A recorded log, replayed; the seed changes nothing but the rows that a rate scale picks, and arrivals that the log does
 * not have. `durationS` is measured after scaling.
 */
export function logWorkload(log: RequestLog, options: LogOptions, name: string): Workload {
  const { from = 0, to = Infinity, rateScale = 1 } = options;
  const { numRequests, durationS } = checkedExtent(options);
  const window = sentRows(log, { from, to }, 0);
  if (!log.hasArrivals) refuseTimes(options);
  const timeScale = log.hasArrivals ? pace(options, window.arrival) : 1;
  const notes = [...log.notes];
  if (window.row.length < log.length) {
    const until = to === Infinity ? "its end" : `${to} s`;
    notes.push(`Of the log's ${log.length} requests, ${window.row.length} arrive from ${from} s to ${until}.`);
  }
  if (rateScale < 1) notes.push(`Each session, or request without one, is kept whole with probability ${rateScale}.`);
  if (rateScale > 1) {
    notes.push(
      `Each session, or request without one, is sent ${rateScale} times on average, copies up to a minute later.`,
    );
  }
  if (timeScale !== 1) notes.push(`Recorded arrivals are sent at ${(1 / timeScale).toPrecision(4)} times their pace.`);
  if (rateScale === 1 && numRequests !== undefined && numRequests > window.row.length) {
    notes.push(`The log has ${window.row.length} requests, fewer than the ${numRequests} asked for.`);
  }
  if (log.session !== null) {
    notes.push("Requests of a session are sent at their recorded times; none waits for the answer before it.");
  }
  const prompts = promptTexts(log);
  if (log.blocks !== null && prompts === undefined)
    notes.push("The log knows what prompts have in common, but not how long it is: nothing is reused.");
  const process = log.hasArrivals ? undefined : gamma(options.requestRate ?? Infinity, options.burstiness);
  if (process !== undefined) notes.push(`Arrivals: ${process.name}.`);
  return {
    name,
    source: `request log (${log.format})`,
    notes,
    ...(prompts === undefined ? {} : { sharesPrefixes: true }),
    *requests(seed) {
      const sent = rateScale === 1 ? window : sentRows(log, { from, to, rateScale }, seed);
      const gaps = stream(seed, "workload/arrivals");
      let drawn = 0;
      const count = Math.min(sent.row.length, numRequests ?? Infinity);
      for (let id = 0; id < count; id++) {
        if (process !== undefined && id > 0) drawn += process.gap(gaps);
        const arrival = process === undefined ? (sent.arrival[id] as number) * timeScale : drawn;
        if (durationS !== undefined && arrival >= durationS) return;
        const row = sent.row[id] as number;
        const copy = sent.copy[id] as number;
        const promptText = prompts?.(row, copy);
        yield {
          id,
          arrival,
          promptTokens: log.promptTokens[row] as number,
          outputTokens: log.outputTokens[row] as number,
          reasoningTokens: log.reasoningTokens[row] as number,
          priority: log.priority[row] as number,
          session: copyName(log.session?.[row] ?? "", copy),
          ...(promptText === undefined ? {} : { promptText }),
        };
      }
    },
  };
}

function copyName(session: string, copy: number): string {
  return session === "" || copy === 0 ? session : `${session}, copy ${copy + 1}`;
}

/** What a log without arrivals has no use for. */
function refuseTimes(options: LogOptions): void {
  const named = {
    from: options.from,
    to: options.to,
    "time-scale": options.timeScale,
    "rate-scale": options.rateScale,
  };
  const given = Object.entries(named).find(([, value]) => value !== undefined);
  if (given !== undefined) throw new InputError(given[0], "this log has no arrivals; give --request-rate");
}

/** What recorded times are multiplied by. */
function pace({ timeScale, requestRate, rateScale }: LogOptions, arrival: ArrayLike<number>): number {
  if (requestRate === undefined) {
    if (timeScale === undefined || timeScale >= 0) return timeScale ?? 1;
    throw new InputError("time-scale", `${timeScale} is not allowed; expected a number from 0`);
  }
  const other = timeScale !== undefined ? "time-scale" : rateScale !== undefined ? "rate-scale" : undefined;
  if (other !== undefined) throw new InputError(other, "does not go with request-rate, which sets the pace of the log");
  const seconds = arrival[arrival.length - 1] as number;
  if (seconds === 0)
    throw new InputError("request-rate", "this log has no rate to scale: all of its requests arrive at once");
  return (arrival.length - 1) / seconds / requestRate;
}
