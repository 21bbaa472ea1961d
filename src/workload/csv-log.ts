import { InputError } from "../core/check.js";
import { parseAzureTime, TICKS_PER_SECOND, type AzureTime } from "./azure-time.js";
import { CsvCursor, excerpt } from "./csv.js";
import { ignoredNote, LogRows, MAX_TOKENS, type RequestLog } from "./log-rows.js";

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const WHOLE = /^([+-]?\d+)(\.0*)?$/;
const AZURE = ["TIMESTAMP", "ContextTokens", "GeneratedTokens"] as const;
const PLAIN = ["arrival_s", "prompt_tokens", "output_tokens"] as const;
const OPTIONAL = ["reasoning_tokens", "session", "priority"] as const;

/** Reads a CSV log of one of the two known headers; `start` is behind a byte-order mark. */
export function parseCsvLog(bytes: Buffer, path: string, start: number): RequestLog {
  const cursor = new CsvCursor(bytes, path, start);
  if (!cursor.next()) throw new InputError(path, "is empty");
  const names = Array.from({ length: cursor.fields }, (_, i) => cursor.text(i));
  const twice = names.find((name, i) => name !== "" && names.indexOf(name) !== i);
  if (twice !== undefined) throw cursor.error(`column ${twice} is there twice`);
  const azure = AZURE.some((name) => names.includes(name)) && !PLAIN.some((name) => names.includes(name));
  const required: readonly string[] = azure ? AZURE : PLAIN;
  const missing = required.filter((name) => !names.includes(name));
  if (missing.length > 0) throw cursor.error(headerProblem(missing, names));
  const known: readonly string[] = azure ? AZURE : [...PLAIN, ...OPTIONAL];
  const notes = ignoredNote(
    "columns",
    names.filter((name) => !known.includes(name)),
  );
  const rows = azure ? azureRows(cursor, bytes, names) : plainRows(cursor, names);
  if (rows.length === 0) {
    const why = rows.dropped > 0 ? `: all ${rows.dropped} rows have 0 tokens` : ", only a header";
    throw new InputError(path, `has no requests${why}`);
  }
  return rows.finish(azure ? "azure csv" : "csv", azure ? TICKS_PER_SECOND : 1, notes);
}

function headerProblem(missing: readonly string[], found: readonly string[]): string {
  return (
    `no column ${missing.join(", ")}; found ${found
      .map((name) => excerpt(name))
      .join(", ")
      .slice(0, 300)}; ` +
    `a log has ${PLAIN.join(", ")} (and ${OPTIONAL.join(", ")} if it likes), or ${AZURE.join(", ")}; its first line`
  );
}

function azureRows(cursor: CsvCursor, bytes: Buffer, names: readonly string[]): LogRows {
  const rows = new LogRows();
  const [timeField, promptField, outputField] = AZURE.map((name) => names.indexOf(name)) as [number, number, number];
  const time: AzureTime = { seconds: 0, ticks: 0 };
  let base: number | undefined; // whole seconds of the first row; ticks from there are exact
  while (cursor.next()) {
    checkFields(cursor, names.length);
    if (!parseAzureTime(bytes, cursor.start(timeField), cursor.end(timeField), time)) {
      const text = Buffer.from(cursor.text(timeField)); // quoted, or blanks around it
      if (!parseAzureTime(text, 0, text.length, time)) {
        throw cursor.error(
          `TIMESTAMP ${excerpt(cursor.text(timeField))} is not a time like 2023-11-16 18:15:46.6805900`,
        );
      }
    }
    base ??= time.seconds;
    const ticks = (time.seconds - base) * TICKS_PER_SECOND + time.ticks;
    const prompt = tokens(cursor, promptField, "ContextTokens");
    rows.add(ticks, prompt, tokens(cursor, outputField, "GeneratedTokens"), 0, 0, "");
  }
  return rows;
}

function plainRows(cursor: CsvCursor, names: readonly string[]): LogRows {
  const rows = new LogRows();
  const at = (name: string): number => names.indexOf(name);
  const [arrival, prompt, output] = PLAIN.map(at) as [number, number, number];
  const [reasoning, session, priority] = OPTIONAL.map(at) as [number, number, number];
  rows.hasSessions = session >= 0;
  while (cursor.next()) {
    checkFields(cursor, names.length);
    const out = tokens(cursor, output, "output_tokens");
    const thought = reasoning < 0 || isEmpty(cursor, reasoning) ? 0 : tokens(cursor, reasoning, "reasoning_tokens");
    if (thought > out)
      throw cursor.error(`reasoning_tokens ${thought} is more than output_tokens ${out}, which include it`);
    rows.add(
      seconds(cursor, arrival),
      tokens(cursor, prompt, "prompt_tokens"),
      out,
      thought,
      priority < 0 || isEmpty(cursor, priority) ? 0 : priorityOf(cursor, priority),
      session < 0 ? "" : cursor.text(session),
    );
  }
  return rows;
}

function checkFields(cursor: CsvCursor, expected: number): void {
  if (cursor.fields === expected) return;
  throw cursor.error(`expected ${expected} fields, found ${cursor.fields}`);
}

function isEmpty(cursor: CsvCursor, field: number): boolean {
  return cursor.digits(field) < 0 && cursor.text(field) === "";
}

function tokens(cursor: CsvCursor, field: number, name: string): number {
  const fast = cursor.digits(field);
  const value = fast >= 0 ? fast : whole(cursor, field, name);
  if (value < 0) throw cursor.error(`${name} ${value} is negative`);
  if (value > MAX_TOKENS) throw cursor.error(`${name} ${value} is more than ${MAX_TOKENS}`);
  return value;
}

function whole(cursor: CsvCursor, field: number, name: string): number {
  const text = cursor.text(field);
  const match = WHOLE.exec(text);
  if (match === null) throw cursor.error(`${name} ${excerpt(text)} is not a whole number`);
  return Number(match[1]);
}

function priorityOf(cursor: CsvCursor, field: number): number {
  const value = whole(cursor, field, "priority");
  if (Math.abs(value) > 2 ** 31 - 1) throw cursor.error(`priority ${value} is beyond 32 bits`);
  return value;
}

function seconds(cursor: CsvCursor, field: number): number {
  const text = cursor.text(field);
  const value = NUMBER.test(text) ? Number(text) : NaN;
  if (!Number.isFinite(value)) throw cursor.error(`arrival_s ${excerpt(text)} is not a number of seconds`);
  return value;
}
