import { InputError } from "../core/check.js";
import { stream } from "../core/rng.js";
import { gamma } from "./arrivals.js";
import { checkedExtent, type Extent } from "./extent.js";
import { sentRows, type LogPart, type SentRows } from "./log-rows-sent.js";
import { promptTexts } from "./prompt-texts.js";
import type { RequestLog } from "./request-log.js";
import { chainNotes, sessionChain, type SessionTiming } from "./session-chain.js";
import type { RequestDraft, RequestSpec, Workload } from "./workload.js";

export interface LogOptions extends Extent, LogPart {
  /** Recorded times are multiplied by it: 0.5 plays the log twice as fast, 0 sends everything at once. Default 1. */
  readonly timeScale?: number | undefined;
  /**
   * Requests per second to play the log at, instead of a time scale; Infinity: all at once. In a closed loop: sessions per
   * second, whose beginnings are drawn.
   */
  readonly requestRate?: number | undefined;
  /** Gamma shape of the gaps that are drawn at that rate; default 1, Poisson. */
  readonly burstiness?: number | undefined;
  /** Default "recorded". */
  readonly sessionTiming?: SessionTiming | undefined;
}

/**
 * A recorded log, replayed; the seed changes nothing but the rows that a rate scale picks, and arrivals that the log does
 * not have. `durationS` is measured after scaling.
 */
export function logWorkload(log: RequestLog, options: LogOptions, name: string): Workload {
  const { from = 0, to = Infinity, rateScale = 1 } = options;
  const { numRequests, durationS } = checkedExtent(options);
  const closed = options.sessionTiming === "closed";
  if (closed) checkClosed(log, options);
  const window = sentRows(log, { from, to, whole: closed }, 0);
  if (!log.hasArrivals) refuseTimes(options);
  const drawn = !log.hasArrivals || (closed && options.requestRate !== undefined);
  const timeScale = drawn ? (options.timeScale ?? 1) : pace(options, window.arrival);
  const notes = [...log.notes, ...partNotes(log, options, window, timeScale)];
  const prompts = promptTexts(log);
  if (log.blocks !== null && prompts === undefined)
    notes.push("The log knows what prompts have in common, but not how long it is: nothing is reused.");
  const process = drawn ? gamma(options.requestRate ?? Infinity, options.burstiness) : undefined;
  if (process !== undefined) notes.push(`Arrivals${closed ? " of sessions" : ""}: ${process.name}.`);
  return {
    name,
    source: `request log (${log.format})`,
    notes,
    ...(prompts === undefined ? {} : { sharesPrefixes: true }),
    *requests(seed) {
      const sent = firstRows(
        rateScale === 1 ? window : sentRows(log, { from, to, rateScale, whole: closed }, seed),
        numRequests,
      );
      const chain = closed ? sessionChain(log, sent) : undefined;
      const request = (i: number, arrival: number): RequestSpec => {
        const row = sent.row[i] as number;
        const copy = sent.copy[i] as number;
        const promptText = prompts?.(row, copy);
        const next = chain?.next[i] ?? -1;
        const spec: RequestDraft = {
          id: i,
          arrival,
          promptTokens: log.promptTokens[row] as number,
          outputTokens: log.outputTokens[row] as number,
          reasoningTokens: log.reasoningTokens[row] as number,
          priority: log.priority[row] as number,
          session: copyName(log.session?.[row] ?? "", copy),
        };
        if (promptText !== undefined) spec.promptText = promptText;
        if (chain === undefined || next < 0) return spec;
        spec.followUp = (_, now, served) => {
          const time = now + (chain.thinkS[next] as number) * timeScale;
          return served && !(durationS !== undefined && time >= durationS) ? [request(next, time)] : [];
        };
        return spec;
      };
      const gaps = stream(seed, "workload/arrivals");
      let time = NaN;
      for (let i = 0; i < sent.row.length; i++) {
        if (chain?.first[i] === 0) continue;
        if (process !== undefined) time = Number.isNaN(time) ? 0 : time + process.gap(gaps);
        const arrival = process === undefined ? (sent.arrival[i] as number) * timeScale : time;
        if (durationS !== undefined && arrival >= durationS) return;
        yield request(i, arrival);
      }
    },
  };
}

function partNotes(log: RequestLog, options: LogOptions, window: SentRows, timeScale: number): readonly string[] {
  const { from = 0, to = Infinity, rateScale = 1, numRequests, sessionTiming } = options;
  const notes: string[] = [];
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
  if (timeScale !== 1) notes.push(`Recorded times are played at ${(1 / timeScale).toPrecision(4)} times their pace.`);
  if (rateScale === 1 && numRequests !== undefined && numRequests > window.row.length) {
    notes.push(`The log has ${window.row.length} requests, fewer than the ${numRequests} asked for.`);
  }
  if (sessionTiming === "closed") notes.push(...chainNotes(sessionChain(log, window)));
  else if (log.session !== null) {
    notes.push("Requests of a session are sent at their recorded times; none waits for the answer before it.");
  }
  return notes;
}

/** At most so many rows. */
function firstRows(sent: SentRows, most = Infinity): SentRows {
  if (sent.row.length <= most) return sent;
  const cut = (column: ArrayLike<number>): ArrayLike<number> => Array.prototype.slice.call(column, 0, most) as number[];
  return { row: cut(sent.row), arrival: cut(sent.arrival), copy: cut(sent.copy) };
}

function checkClosed(log: RequestLog, { requestRate, rateScale }: LogOptions): void {
  if (log.session === null) {
    throw new InputError("session-timing", "closed needs a log with sessions; this one has none");
  }
  if (requestRate !== undefined && rateScale !== undefined) {
    throw new InputError("rate-scale", "does not go with request-rate, which sets the rate of sessions");
  }
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
