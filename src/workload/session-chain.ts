import type { RequestLog } from "./log-rows.js";
import type { SentRows } from "./log-rows-sent.js";

/** When the requests of a recorded session are sent: at their times, or each after the answer to the one before. */
export const SESSION_TIMINGS = ["recorded", "closed"] as const;
export type SessionTiming = (typeof SESSION_TIMINGS)[number];

/** How the rows that are sent follow each other; by index among them. */
export interface SessionChain {
  readonly next: Int32Array; // the one after it in its session, -1 if there is none
  readonly first: Uint8Array; // 1 if it begins a session, or has none
  /** Seconds from the end of the answer before to the request; 0 for a first one. */
  readonly thinkS: Float64Array;
  readonly measured: number; // of the follow-ups, those whose think time the log has
  readonly followUps: number;
}

/**
 * A copy of a session is a session of its own. Where the log has no think time, the gap between the recorded arrivals
 * takes its place: it is longer, by the recorded service.
 */
export function sessionChain(log: Pick<RequestLog, "session" | "thinkS" | "arrival">, sent: SentRows): SessionChain {
  const length = sent.row.length;
  const next = new Int32Array(length).fill(-1);
  const first = new Uint8Array(length).fill(1);
  const thinkS = new Float64Array(length);
  const last = new Map<string, number>();
  let [measured, followUps] = [0, 0];
  for (let i = 0; i < length; i++) {
    const row = sent.row[i] as number;
    const session = log.session?.[row] ?? "";
    if (session === "") continue;
    const key = `${sent.copy[i] as number} ${session}`;
    const before = last.get(key);
    last.set(key, i);
    if (before === undefined) continue;
    followUps++;
    first[i] = 0;
    next[before] = i;
    const think = log.thinkS?.[row] ?? NaN;
    if (!Number.isNaN(think)) measured++;
    const gap = (log.arrival[row] as number) - (log.arrival[sent.row[before] as number] as number);
    thinkS[i] = Number.isNaN(think) ? gap : think;
  }
  return { next, first, thinkS, measured, followUps };
}

/** What a reader must know of a closed replay. */
export function chainNotes({ measured, followUps }: SessionChain): readonly string[] {
  const notes = [
    `Sessions in a closed loop: ${followUps} requests of the log follow others, and are sent when the answer before them has ended and the think time is over. ` +
      "Where a request is refused or given up, the rest of its session is not sent.",
  ];
  if (measured === followUps) return notes;
  const which = measured === 0 ? "The log has no think times" : `The log has think times for ${measured} of them`;
  return [...notes, `${which}; else the gap between recorded arrivals is taken, the recorded service included.`];
}
