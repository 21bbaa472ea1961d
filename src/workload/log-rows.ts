import { InputError } from "../core/check.js";
import { BlockIds, type PrefixBlocks } from "./block-ids.js";
import { IntColumn } from "./int-column.js";
import { PromptIds } from "./prompt-ids.js";

/** Most tokens that a request of a log may have. */
export const MAX_TOKENS = 10_000_000;

const MAX_ROWS = 100_000_000; // 2.4 GB of columns
const DAY_S = 86_400;

/** Columns of a request log, in order of arrival. */
export interface RequestLog {
  readonly format: string; // as formats.ts names it
  readonly length: number; // requests
  readonly arrival: Float64Array; // seconds from the first request; all 0 if not hasArrivals
  readonly promptTokens: Int32Array;
  readonly outputTokens: Int32Array; // reasoning included
  readonly reasoningTokens: Int32Array;
  readonly priority: Int32Array; // smaller is served first
  readonly session: readonly string[] | null; // "" for none; null if the log has no sessions
  /** Seconds between the end of the answer before and the request; NaN where unknown, null if the log has none. */
  readonly thinkS: Float64Array | null;
  readonly blocks: PrefixBlocks | null;
  /** Equal numbers are identical prompts; 0 for a prompt without, null if the log has none. */
  readonly promptId: Int32Array | null;
  readonly hasArrivals: boolean;
  /** Seconds since midnight at the first request, as far as the log says; null if it does not. */
  readonly secondOfDay: number | null;
  readonly failed: number; // calls of 0 tokens or with an error: not among the requests
  readonly notes: readonly string[];
}

/** What a format knows of all its rows. */
export interface LogTraits {
  readonly format: string;
  readonly ticksPerSecond: number; // unit of the times given to add()
  readonly hasArrivals?: boolean; // default true
  readonly blockTokens?: number | null; // default null: blocks differ in size
  readonly blockLengths?: ReadonlyMap<unknown, number>; // tokens of blocks by name, where the log has them
  readonly midnight?: number | null; // second of the day at time 0; default null, unknown
  readonly notes: readonly string[];
}

/** Rows as they are read; `finish` sorts them and counts time from the first. */
export class LogRows {
  #time = new Float64Array(1024); // ticks
  #think: Float64Array | undefined;
  readonly #prompt = new IntColumn();
  readonly #output = new IntColumn();
  readonly #reasoning = new IntColumn();
  readonly #priority = new IntColumn();
  readonly #blocks = new BlockIds();
  #hasBlocks = false;
  readonly #promptIds = new PromptIds();
  readonly #session: string[] = [];
  readonly #names = new Map<string, string>(); // one copy of each session's name
  #sorted = true;
  length = 0;
  failed = 0;
  hasSessions = false;

  /** `time` in any unit, see finish(). Returns whether the row is a request: a failed call, of 0 tokens, is only counted. */
  add(time: number, prompt: number, output: number, reasoning: number, priority: number, session: string): boolean {
    if (prompt === 0 || output === 0) {
      this.failed++;
      return false;
    }
    const row = this.length++;
    if (row === this.#time.length) this.#grow();
    if (row > 0 && time < (this.#time[row - 1] as number)) this.#sorted = false;
    this.#time[row] = time;
    this.#prompt.set(row, prompt);
    this.#output.set(row, output);
    this.#reasoning.set(row, reasoning);
    this.#priority.set(row, priority);
    if (session !== "") this.#sessionOf(row, session);
    return true;
  }

  #sessionOf(row: number, session: string): void {
    this.hasSessions = true;
    while (this.#session.length < row) this.#session.push("");
    let name = this.#names.get(session);
    if (name === undefined) this.#names.set(session, (name = session));
    this.#session[row] = name;
  }

  /** Seconds between the end of the answer before and the request added last. */
  think(seconds: number): void {
    this.#think ??= new Float64Array(this.#time.length).fill(NaN);
    this.#think[this.length - 1] = seconds;
  }

  /**
   * Name of the prompt of the request added last, of so many tokens; "" for none. Returns what is wrong with it, if the
   * same name stood for another length before.
   */
  promptId(name: string, tokens: number): string | undefined {
    if (name === "") return undefined;
    const other = this.#promptIds.add(this.length - 1, name, tokens);
    if (other === undefined) return undefined;
    return `has a prompt of ${tokens} tokens, before it had ${other}; equal ids are identical prompts`;
  }

  /** Blocks of the prompt of the request added last; names of different scopes never meet. */
  blocks(names: readonly unknown[], scope: string, path: string): void {
    this.#hasBlocks = true;
    this.#blocks.add(this.length - 1, names, scope, path);
  }

  #grow(): void {
    if (this.length > MAX_ROWS) throw new InputError("", `more than ${MAX_ROWS} requests in one log`);
    const time = new Float64Array(2 * this.length);
    time.set(this.#time);
    this.#time = time;
    if (this.#think === undefined) return;
    const think = new Float64Array(time.length).fill(NaN);
    think.set(this.#think);
    this.#think = think;
  }

  finish(traits: LogTraits, path: string): RequestLog {
    const length = this.length;
    const failed = this.failed;
    if (length === 0) {
      throw new InputError(
        path,
        `has no requests${failed > 0 ? `: all ${failed} rows are failed calls (0 tokens)` : ""}`,
      );
    }
    const notes = [...traits.notes];
    if (failed > 0) {
      notes.push(`${failed} of ${failed + length} rows have 0 tokens (failed calls) and were left out.`);
    }
    let order: Uint32Array | undefined;
    if (!this.#sorted) {
      const time = this.#time;
      order = Uint32Array.from({ length }, (_, i) => i);
      order.sort((a, b) => (time[a] as number) - (time[b] as number) || a - b);
      notes.push("The rows were not in order of arrival and were sorted.");
    }
    const hasArrivals = traits.hasArrivals ?? true;
    if (!hasArrivals) notes.push("The log has lengths, but no arrivals.");
    const first = this.#time[order?.[0] ?? 0] as number;
    const arrival = new Float64Array(length);
    for (let i = 0; i < length; i++) {
      arrival[i] = ((this.#time[order?.[i] ?? i] as number) - first) / traits.ticksPerSecond;
    }
    const session = this.#session;
    const think = this.#think;
    while (this.hasSessions && session.length < length) session.push("");
    const midnight = traits.midnight ?? null;
    return {
      format: traits.format,
      length,
      arrival,
      promptTokens: this.#prompt.take(length, order),
      outputTokens: this.#output.take(length, order),
      reasoningTokens: this.#reasoning.take(length, order),
      priority: this.#priority.take(length, order),
      session: !this.hasSessions
        ? null
        : order === undefined
          ? session
          : Array.from(order, (row) => session[row] as string),
      thinkS:
        think === undefined
          ? null
          : order === undefined
            ? think.subarray(0, length)
            : Float64Array.from(order, (row) => think[row] as number),
      blocks: this.#hasBlocks
        ? this.#blocks.finish(length, order, traits.blockTokens ?? null, traits.blockLengths)
        : null,
      promptId: this.#promptIds.any ? this.#promptIds.take(length, order) : null,
      hasArrivals,
      secondOfDay: midnight === null ? null : (midnight + first / traits.ticksPerSecond) % DAY_S,
      failed,
      notes,
    };
  }
}

/** A note on columns or keys that the log has and nobody reads; nothing if there are none. */
export function ignoredNote(kind: string, names: readonly string[]): string[] {
  return names.length === 0 ? [] : [`Not read: ${kind} ${names.join(", ")}.`];
}
