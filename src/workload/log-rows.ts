import { check } from "../core/check.js";

/** Most tokens that a request of a log may have. */
export const MAX_TOKENS = 10_000_000;

/** Columns of a request log, in order of arrival. */
export interface RequestLog {
  readonly format: string; // "azure csv", "csv" or "jsonl"
  readonly length: number; // requests
  readonly arrival: Float64Array; // seconds from the first request
  readonly promptTokens: Int32Array;
  readonly outputTokens: Int32Array; // reasoning included
  readonly reasoningTokens: Int32Array;
  readonly priority: Int32Array; // smaller is served first
  readonly session: readonly string[] | null; // "" for none; null if the log has no sessions
  readonly notes: readonly string[];
}

/** Rows as they are read; `finish` sorts them and counts time from the first. */
export class LogRows {
  #time = new Float64Array(1024); // ticks
  #prompt = new Int32Array(1024);
  #output = new Int32Array(1024);
  #reasoning = new Int32Array(1024);
  #priority = new Int32Array(1024);
  readonly #session: string[] = [];
  #sorted = true;
  length = 0;
  dropped = 0; // failed calls: rows of 0 prompt or 0 output tokens
  hasSessions = false;

  /** `time` in any unit, see finish(). */
  add(time: number, prompt: number, output: number, reasoning: number, priority: number, session: string): void {
    if (prompt === 0 || output === 0) {
      this.dropped++;
      return;
    }
    const row = this.length++;
    if (row === this.#time.length) this.#grow();
    if (row > 0 && time < (this.#time[row - 1] as number)) this.#sorted = false;
    this.#time[row] = time;
    this.#prompt[row] = prompt;
    this.#output[row] = output;
    this.#reasoning[row] = reasoning;
    this.#priority[row] = priority;
    if (this.hasSessions) this.#session.push(session);
  }

  #grow(): void {
    const size = 2 * this.length;
    const wider = (column: Int32Array): Int32Array<ArrayBuffer> => {
      const grown = new Int32Array(size);
      grown.set(column);
      return grown;
    };
    const time = new Float64Array(size);
    time.set(this.#time);
    this.#time = time;
    this.#prompt = wider(this.#prompt);
    this.#output = wider(this.#output);
    this.#reasoning = wider(this.#reasoning);
    this.#priority = wider(this.#priority);
  }

  /** `ticksPerSecond` is the unit of the times given to add(). */
  finish(format: string, ticksPerSecond: number, notes: readonly string[]): RequestLog {
    const length = this.length;
    check(length > 0, "a log without rows");
    const all = [...notes];
    if (this.dropped > 0) {
      all.push(`${this.dropped} of ${this.dropped + length} rows have 0 tokens (failed calls) and were left out.`);
    }
    let order: Uint32Array | undefined;
    if (!this.#sorted) {
      const time = this.#time;
      order = Uint32Array.from({ length }, (_, i) => i);
      order.sort((a, b) => (time[a] as number) - (time[b] as number) || a - b);
      all.push("The rows were not in order of arrival and were sorted.");
    }
    const first = this.#time[order?.[0] ?? 0] as number;
    const column = (values: Int32Array): Int32Array =>
      order === undefined ? values.slice(0, length) : Int32Array.from(order, (row) => values[row] as number);
    const arrival = new Float64Array(length);
    for (let i = 0; i < length; i++) arrival[i] = ((this.#time[order?.[i] ?? i] as number) - first) / ticksPerSecond;
    const session = this.#session;
    return {
      format,
      length,
      arrival,
      promptTokens: column(this.#prompt),
      outputTokens: column(this.#output),
      reasoningTokens: column(this.#reasoning),
      priority: column(this.#priority),
      session: !this.hasSessions
        ? null
        : order === undefined
          ? session
          : Array.from(order, (row) => session[row] as string),
      notes: all,
    };
  }
}

/** A note on columns or keys that the log has and nobody reads; nothing if there are none. */
export function ignoredNote(kind: string, names: readonly string[]): string[] {
  return names.length === 0 ? [] : [`Not read: ${kind} ${names.join(", ")}.`];
}
