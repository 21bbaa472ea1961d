import { InputError } from "../core/check.js";
import { stream } from "../core/rng.js";
import { gamma } from "./arrivals.js";
import { checkedExtent, type Extent } from "./extent.js";
import type { RequestLog } from "./request-log.js";
import type { Workload } from "./workload.js";

export interface LogOptions extends Extent {
  readonly rateScale?: number | undefined; // 2 sends everything at twice the recorded rate; Infinity: all at time 0
  readonly requestRate?: number | undefined; // requests per second, for a log without arrivals; default Infinity
  readonly burstiness?: number | undefined; // of those arrivals; default 1, Poisson
}

/**
 * A recorded log, replayed; the seed changes nothing but arrivals that the log does not have. `durationS` is measured
 * after scaling.
 */
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
  const process = log.hasArrivals ? undefined : gamma(options.requestRate ?? Infinity, options.burstiness);
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
