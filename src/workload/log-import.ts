import { InputError } from "../core/check.js";
import { CsvCursor, excerpt } from "./csv.js";
import { CsvReader } from "./csv-log.js";
import { csvFormat, jsonFormat } from "./formats.js";
import { jsonFault } from "./json-fault.js";
import { type Fail, isRow, show } from "./json-values.js";
import type { FieldsFormat } from "./log-fields.js";
import type { RowReader } from "./log-reader.js";
import { LogRows, type RequestLog } from "./log-rows.js";

const LF = 10;
const CR = 13;
const QUOTE = 34;
const BRACKETS: ReadonlySet<number> = new Set([91, 123]); // [ {
const MiB = 2 ** 20;

/** The longest line, and the longest JSON document over several lines, bytes. */
const MAX_LINE_BYTES = 64 * MiB;
const MAX_DOCUMENT_BYTES = 256 * MiB;

type Reader =
  | { readonly kind: "csv"; readonly name: string; readonly rows: CsvReader }
  | { readonly kind: "json"; readonly name: string; readonly rows: RowReader };

/**
 * Reads a log, or several of one format, as their bytes come: `open` a file, `push` its chunks, `close` it, at last
 * `finish`. What a file is, its first line says. Only columns and an unfinished line are held. Throws InputError with
 * file, line and the offending text.
 */
export class LogImport {
  readonly #given: FieldsFormat | undefined;
  readonly #rows = new LogRows();
  readonly #lineLimit: number;
  #reader: Reader | undefined;
  #path = "";
  #line = 1; // of the first byte held
  #held: Buffer[] = []; // bytes behind the last block that was read
  #heldBytes = 0;
  #odd = false; // the quotes among them are odd in number
  #start: number | undefined; // its first byte
  #known = false; // what it is
  #document = false; // one JSON value over several lines

  /** `columns` are those that the user names, `lineLimit` is for tests. */
  constructor(columns?: FieldsFormat, lineLimit = MAX_LINE_BYTES) {
    this.#given = columns;
    this.#lineLimit = lineLimit;
  }

  open(path: string): void {
    this.#path = path;
    this.#line = 1;
    this.#held = [];
    this.#heldBytes = 0;
    this.#odd = false;
    this.#start = undefined;
    this.#known = false;
    this.#document = false;
  }

  push(bytes: Uint8Array): void {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const end = this.#document ? 0 : chunk.lastIndexOf(LF) + 1;
    this.#start ??= firstByte(chunk);
    if (end === 0 || !this.#closed(chunk, end)) {
      this.#odd = this.#odd !== oddQuotes(chunk, 0, chunk.length);
      this.#hold(chunk);
      return;
    }
    this.#hold(chunk.subarray(0, end));
    this.#block(this.#take());
    this.#hold(chunk.subarray(end));
    this.#odd = oddQuotes(chunk, end, chunk.length);
  }

  /** The file is at its end. */
  close(): void {
    const rest = this.#take();
    if (this.#document) this.#parseDocument(rest);
    else if (rest.length > 0) this.#block(rest);
    // What was only a document's beginning is one at the end.
    if (this.#document && this.#heldBytes > 0) this.#parseDocument(this.#take());
    if (!this.#known) throw new InputError(this.#path, "is empty");
  }

  finish(path: string): RequestLog {
    const reader = this.#reader;
    if (reader === undefined) throw new InputError(path, "is empty");
    const traits = reader.kind === "csv" ? reader.rows.traits() : reader.rows.traits(this.#rows);
    return this.#rows.finish({ format: reader.name, ...traits }, path);
  }

  /** One row that is JSON already; `where` is its place in the file. */
  row(value: unknown, where: string): void {
    const fail: Fail = (problem) => new InputError(where, `${problem}: ${show(value)}`);
    if (!isRow(value)) throw fail("is not a JSON object");
    if (!this.#known) {
      const format = jsonFormat(value, this.#path, this.#given);
      this.#become("json", format.name, () => ({ kind: "json", name: format.name, rows: format.open() }));
    }
    if (this.#reader?.kind === "json") this.#reader.rows.read(value, this.#rows, fail, this.#path);
  }

  #hold(bytes: Buffer): void {
    if (bytes.length === 0) return;
    const limit = this.#document ? MAX_DOCUMENT_BYTES : this.#lineLimit;
    if (this.#heldBytes + bytes.length > limit + MiB) {
      const size = `${(limit / MiB).toFixed(0)} MiB`;
      const problem = this.#document
        ? `is one JSON value of more than ${size}; give a line to each request`
        : `a line is longer than ${size}, or a quote is never closed`;
      throw new InputError(`${this.#path}:${this.#line}`, problem);
    }
    // Whoever pushes may use the chunk again: what stays is copied.
    this.#held.push(Buffer.from(bytes));
    this.#heldBytes += bytes.length;
  }

  #take(): Buffer {
    const all = this.#held.length === 1 ? (this.#held[0] as Buffer) : Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    return all;
  }

  /** Whether no quoted field of a CSV is open behind `end` bytes of the chunk. */
  #closed(chunk: Buffer, end: number): boolean {
    return BRACKETS.has(this.#start ?? 0) || this.#odd === oddQuotes(chunk, 0, end);
  }

  #block(block: Buffer): void {
    let rest = block;
    if (!this.#known) {
      const first = this.#head(block);
      if (first === undefined) return;
      rest = block.subarray(first);
    }
    if (this.#reader?.kind === "csv") this.#line = this.#reader.rows.block(rest, this.#path, this.#line);
    else this.#lines(rest);
  }

  /** Tells what the file is. Returns where its rows start, undefined if that is not known yet. */
  #head(block: Buffer): number | undefined {
    let at = 0;
    if (this.#line === 1) {
      if ((block[0] === 0xff && block[1] === 0xfe) || (block[0] === 0xfe && block[1] === 0xff)) {
        throw new InputError(this.#path, "is UTF-16; a request log is UTF-8");
      }
      if (block[0] === 0xef && block[1] === 0xbb && block[2] === 0xbf) at = 3; // byte-order mark
    }
    for (; at < block.length && isBlank(block[at] as number); at++) if (block[at] === LF) this.#line++;
    if (at === block.length) return undefined;
    if (!BRACKETS.has(block[at] as number)) return this.#csvHead(block, at);
    const end = block.indexOf(LF, at);
    const line = block.toString("utf8", at, end < 0 ? block.length : end);
    if (parsed(line) === undefined) {
      this.#document = true;
      this.#hold(block.subarray(at));
      return undefined;
    }
    return at;
  }

  #csvHead(block: Buffer, at: number): number {
    const cursor = new CsvCursor(block.subarray(at), this.#path, this.#line);
    cursor.next();
    const names = Array.from({ length: cursor.fields }, (_, i) => cursor.text(i));
    const twice = names.find((name, i) => name !== "" && names.indexOf(name) !== i);
    const format = csvFormat(names, this.#path, this.#given);
    if (twice !== undefined) throw cursor.error(`column ${twice} is there twice`);
    this.#become("csv", format.name, () => ({
      kind: "csv",
      name: format.name,
      rows: new CsvReader(format, this.#rows),
    }));
    if (this.#reader?.kind === "csv") this.#reader.rows.header(names);
    this.#line = cursor.nextLine;
    return at + cursor.offset;
  }

  #become(kind: Reader["kind"], name: string, open: () => Reader): void {
    this.#known = true;
    this.#reader ??= open();
    if (this.#reader.kind === kind && this.#reader.name === name) return;
    throw new InputError(this.#path, `is ${name}, the files before it are ${this.#reader.name}; one format at a time`);
  }

  #lines(block: Buffer): void {
    for (let at = 0; at < block.length; this.#line++) {
      const found = block.indexOf(LF, at);
      const end = found < 0 ? block.length : found;
      const text = block.toString("utf8", at, end).trim();
      at = end + 1;
      if (text === "") continue;
      const where = `${this.#path}:${this.#line}`;
      const value = parsed(text);
      if (value === undefined) throw new InputError(where, jsonFault(text) ?? `is not JSON: ${excerpt(text)}`);
      this.#value(value, where);
    }
  }

  #parseDocument(bytes: Buffer): void {
    const value = parsed(bytes.toString("utf8"));
    this.#document = false;
    if (value === undefined) {
      const end = bytes.indexOf(LF);
      const line = bytes.toString("utf8", 0, end < 0 ? bytes.length : end);
      const problem = jsonFault(bytes.toString("utf8")) ?? jsonFault(line) ?? `is not JSON: ${excerpt(line)}`;
      throw new InputError(`${this.#path}:${this.#line}`, problem);
    }
    this.#value(value, `${this.#path}:${this.#line}`);
  }

  #value(value: unknown, where: string): void {
    if (!Array.isArray(value) || this.#known) return this.row(value, where);
    if (value.length === 0) throw new InputError(where, "is an empty list");
    for (const [i, item] of value.entries()) this.row(item, `${where} [${i}]`);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function isBlank(byte: number): boolean {
  return byte === 9 || byte === LF || byte === CR || byte === 32;
}

/** The first byte that says something: not blank, not of a byte-order mark. */
function firstByte(chunk: Buffer): number | undefined {
  return chunk.find((byte) => !isBlank(byte) && byte < 0x80);
}

function oddQuotes(bytes: Buffer, from: number, to: number): boolean {
  let odd = false;
  for (let at = bytes.indexOf(QUOTE, from); at >= 0 && at < to; at = bytes.indexOf(QUOTE, at + 1)) odd = !odd;
  return odd;
}
