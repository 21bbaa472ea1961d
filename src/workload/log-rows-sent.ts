import { InputError } from "../core/check.js";
import { stream } from "../core/rng.js";
import type { RequestLog } from "./log-rows.js";

/** How far copies of a session are moved, seconds: enough to part them, too little to move them along the day. */
const COPY_SECONDS = 60;

/** Which rows of a log are sent and when. */
export interface LogPart {
  readonly from?: number | undefined; // seconds from the first row, default 0
  readonly to?: number | undefined; // before that second, default the end
  /**
   * Times the recorded rate, hours and peaks as they were. Below 1 that share of the sessions is kept, whole; above 1 each
   * is sent several times, copies up to a minute later. A request without session is one of its own.
   */
  readonly rateScale?: number | undefined;
  /** Whether a session belongs to the part as a whole, by its first request; else each request by itself. Default false. */
  readonly whole?: boolean | undefined;
}

/** Rows in order of arrival. */
export interface SentRows {
  readonly row: ArrayLike<number>; // of the log
  readonly arrival: ArrayLike<number>; // seconds from the first row that is sent
  readonly copy: ArrayLike<number>; // 0 for the session as recorded
}

type Columns = Pick<RequestLog, "length" | "arrival" | "session">;

/** Errors: InputError that names the option. */
export function sentRows(log: Columns, part: LogPart, seed: number): SentRows {
  const { from = 0, to = Infinity, rateScale = 1, whole = false } = part;
  if (!(from >= 0)) throw new InputError("from", `${from} is not allowed; expected seconds from 0`);
  if (!(to > from)) throw new InputError("to", `${to} is not allowed; expected seconds above --from, ${from}`);
  if (!(rateScale > 0 && rateScale < Infinity)) {
    throw new InputError("rate-scale", `${rateScale} is not allowed; expected a number above 0`);
  }
  const first = firstAt(log.arrival, from);
  const end = firstAt(log.arrival, to);
  const rows = whole && log.session !== null ? wholeSessions(log.arrival, log.session, from, to) : between(first, end);
  if (rows.length === 0) {
    const last = log.arrival[log.length - 1] as number;
    throw new InputError("from", `no request arrives from ${from} s to ${to} s; the last arrives at ${last} s`);
  }
  const sent = rateScale === 1 ? all(log, rows) : scaled(log, rows, rateScale, seed);
  if (sent.row.length === 0) {
    throw new InputError("rate-scale", `${rateScale} leaves none of ${rows.length} requests; another seed may`);
  }
  return sent;
}

function between(first: number, end: number): Uint32Array {
  return Uint32Array.from({ length: end - first }, (_, i) => first + i);
}

/** Rows of the sessions that begin in the window. */
function wholeSessions(arrival: Float64Array, session: readonly string[], from: number, to: number): Uint32Array {
  const begun = new Map<string, boolean>(); // session → whether it began in the window
  return between(0, arrival.length).filter((row) => {
    const time = arrival[row] as number;
    const name = session[row] as string;
    const inside = begun.get(name) ?? (time >= from && time < to);
    if (name !== "") begun.set(name, inside);
    return inside;
  });
}

function all(log: Columns, row: Uint32Array): SentRows {
  const start = log.arrival[row[0] as number] as number;
  const arrival =
    row.length === log.length && start === 0
      ? log.arrival
      : Float64Array.from(row, (r) => (log.arrival[r] as number) - start);
  return { row, arrival, copy: new Uint8Array(row.length) };
}

function scaled(log: Columns, rows: Uint32Array, scale: number, seed: number): SentRows {
  const rng = stream(seed, "workload/rate-scale");
  const whole = Math.floor(scale);
  const known = new Map<string, readonly number[]>(); // how far each copy of a session is moved
  const moves = (session: string): readonly number[] => {
    const before = known.get(session);
    if (before !== undefined) return before;
    const copies = whole + (rng() < scale - whole ? 1 : 0);
    const drawn = Array.from({ length: copies }, (_, copy) => (copy === 0 ? 0 : rng() * COPY_SECONDS));
    if (session !== "") known.set(session, drawn);
    return drawn;
  };
  const sent: { row: number; time: number; copy: number }[] = [];
  for (const row of rows) {
    moves(log.session?.[row] ?? "").forEach((move, copy) => {
      sent.push({ row, time: (log.arrival[row] as number) + move, copy });
    });
  }
  sent.sort((a, b) => a.time - b.time || a.row - b.row);
  const start = sent[0]?.time ?? 0;
  return {
    row: Uint32Array.from(sent, ({ row }) => row),
    arrival: Float64Array.from(sent, ({ time }) => time - start),
    copy: Uint32Array.from(sent, ({ copy }) => copy),
  };
}

/** Index of the first of the ascending times that is at least `time`. */
function firstAt(times: Float64Array, time: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] as number) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
