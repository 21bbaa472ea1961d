import { InputError } from "../core/check.js";

const LF = 10;
const CR = 13;
const QUOTE = 34;
const COMMA = 44;
const ZERO = 48;
const MAX_DIGITS = 15; // stays exact in a double

/** Walks over CSV records in bytes without making text of them: RFC 4180 quotes, LF or CRLF, empty lines skipped. */
export class CsvCursor {
  readonly #bytes: Buffer;
  readonly #path: string;
  #next = 0; // where the next record starts
  #start = 0; // where this record starts
  #end = 0; // and ends, without its line break
  #nextLine: number;
  #starts = new Int32Array(16);
  #ends = new Int32Array(16);
  #quoted = false; // this record has a quoted field: its fields lie between quotes and may hold doubled ones
  line = 0; // of this record, from 1
  fields = 0;

  /** `line` is the number of the first line of the bytes in their file. */
  constructor(bytes: Buffer, path: string, line = 1) {
    this.#bytes = bytes;
    this.#path = path;
    this.#nextLine = line;
  }

  /** Byte behind this record. */
  get offset(): number {
    return this.#next;
  }

  /** Line behind this record. */
  get nextLine(): number {
    return this.#nextLine;
  }

  /** Goes to the next record; false at the end. */
  next(): boolean {
    const bytes = this.#bytes;
    const size = bytes.length;
    let at = this.#next;
    while (at < size && (bytes[at] === LF || bytes[at] === CR)) {
      if (bytes[at] === LF) this.#nextLine++;
      at++;
    }
    if (at >= size) return false;
    this.line = this.#nextLine;
    this.#start = at;
    this.#quoted = false;
    this.fields = 0;
    let fieldStart = at;
    for (; at < size; at++) {
      const byte = bytes[at];
      if (byte === COMMA) {
        this.#field(fieldStart, at);
        fieldStart = at + 1;
      } else if (byte === LF) {
        break;
      } else if (byte === QUOTE && at === fieldStart) {
        at = this.#skipQuoted(at) - 1;
      }
    }
    this.#end = at > fieldStart && bytes[at - 1] === CR ? at - 1 : at;
    this.#field(fieldStart, this.#end);
    this.#next = Math.min(at + 1, size);
    this.#nextLine++;
    return true;
  }

  #field(start: number, end: number): void {
    if (this.fields === this.#starts.length) {
      const starts = new Int32Array(2 * this.fields);
      const ends = new Int32Array(2 * this.fields);
      starts.set(this.#starts);
      ends.set(this.#ends);
      this.#starts = starts;
      this.#ends = ends;
    }
    this.#starts[this.fields] = start;
    this.#ends[this.fields++] = end;
  }

  /** From the opening quote to the byte after the closing one. */
  #skipQuoted(open: number): number {
    this.#quoted = true;
    const bytes = this.#bytes;
    for (let at = open + 1; at < bytes.length; at++) {
      if (bytes[at] === LF) this.#nextLine++;
      if (bytes[at] !== QUOTE) continue;
      if (bytes[at + 1] === QUOTE) {
        at++;
        continue;
      }
      const after = bytes[at + 1];
      if (after === undefined || after === COMMA || after === LF || after === CR) return at + 1;
      throw new InputError(
        `${this.#path}:${this.line}`,
        `text after a closing quote: ${excerpt(this.#firstLine(open, at + 20))}`,
      );
    }
    throw new InputError(
      `${this.#path}:${this.line}`,
      `a quote is not closed: ${excerpt(this.#firstLine(open, open + 80))}`,
    );
  }

  #text(start: number, end: number): string {
    return this.#bytes.toString("utf8", start, Math.min(end, this.#bytes.length));
  }

  /** What stands between two bytes, up to the end of the line: a message must not depend on how far a file is read. */
  #firstLine(start: number, end: number): string {
    return this.#text(start, end).split(/[\r\n]/)[0] ?? "";
  }

  /** Text of a field, without its quotes and surrounding blanks. */
  text(field: number): string {
    const text = this.#text(this.#starts[field] as number, this.#ends[field] as number).trim();
    if (!this.#quoted || !text.startsWith('"')) return text;
    return text.slice(1, -1).replaceAll('""', '"').trim();
  }

  /** The field as a number if it is nothing but 1 to 15 digits, else -1. */
  digits(field: number): number {
    const end = this.#ends[field] as number;
    let at = this.#starts[field] as number;
    if (at === end || end - at > MAX_DIGITS) return -1;
    let value = 0;
    for (; at < end; at++) {
      const digit = (this.#bytes[at] as number) - ZERO;
      if (digit < 0 || digit > 9) return -1;
      value = value * 10 + digit;
    }
    return value;
  }

  /** Where the bytes of an unquoted field lie. */
  start(field: number): number {
    return this.#starts[field] as number;
  }

  end(field: number): number {
    return this.#ends[field] as number;
  }

  /** An error about this record, with its line and text. */
  error(problem: string): InputError {
    const text = this.#text(this.#start, Math.min(this.#end, this.#start + 1000));
    return new InputError(`${this.#path}:${this.line}`, `${problem}: ${excerpt(text)}`);
  }
}

/** The offending text, quoted and not too long. */
export function excerpt(text: string): string {
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 119)}…` : text);
}
