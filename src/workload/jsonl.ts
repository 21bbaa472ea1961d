import { InputError } from "../core/check.js";
import { excerpt } from "./csv.js";
import { ignoredNote, LogRows, MAX_TOKENS, type RequestLog } from "./log-rows.js";

const LF = 10;
const REQUIRED = ["arrival_s", "prompt_tokens", "output_tokens"] as const;
const OPTIONAL = ["reasoning_tokens", "session", "priority"] as const;
const KNOWN: ReadonlySet<string> = new Set([...REQUIRED, ...OPTIONAL]);

type Row = Readonly<Record<string, unknown>>;

/** Reads a log of one JSON object a line; `start` is behind a byte-order mark. Keys in any order. */
export function parseJsonlLog(bytes: Buffer, path: string, start: number): RequestLog {
  const rows = new LogRows();
  rows.hasSessions = true;
  const others = new Set<string>();
  let sessions = false;
  let line = 0;
  for (let at = start; at < bytes.length;) {
    const found = bytes.indexOf(LF, at);
    const end = found < 0 ? bytes.length : found;
    const text = bytes.toString("utf8", at, end).trim();
    at = end + 1;
    line++;
    if (text === "") continue;
    const fail = (problem: string): InputError => new InputError(`${path}:${line}`, `${problem}: ${excerpt(text)}`);
    const row = parseRow(text, fail);
    for (const key in row) if (!KNOWN.has(key)) others.add(key);
    if (row["session"] !== undefined && row["session"] !== null) sessions = true;
    addRow(rows, row, fail);
  }
  if (rows.length === 0) {
    throw new InputError(path, `has no requests${rows.dropped > 0 ? `: all ${rows.dropped} rows have 0 tokens` : ""}`);
  }
  rows.hasSessions = sessions;
  return rows.finish("jsonl", 1, ignoredNote("keys", [...others]));
}

type Fail = (problem: string) => InputError;

function parseRow(text: string, fail: Fail): Row {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw fail("is not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw fail("is not a JSON object");
  const row = value as Row;
  const missing = REQUIRED.filter((key) => row[key] === undefined);
  if (missing.length > 0)
    throw fail(`no key ${missing.join(", ")}; found ${Object.keys(row).join(", ").slice(0, 300)}`);
  return row;
}

function addRow(rows: LogRows, row: Row, fail: Fail): void {
  const arrival = row["arrival_s"];
  if (typeof arrival !== "number" || !Number.isFinite(arrival)) {
    throw fail(`arrival_s ${show(arrival)} is not a number of seconds`);
  }
  const output = tokens(row, "output_tokens", fail);
  const reasoning = absent(row["reasoning_tokens"]) ? 0 : tokens(row, "reasoning_tokens", fail);
  if (reasoning > output) {
    throw fail(`reasoning_tokens ${reasoning} is more than output_tokens ${output}, which include it`);
  }
  rows.add(arrival, tokens(row, "prompt_tokens", fail), output, reasoning, priorityOf(row, fail), sessionOf(row, fail));
}

function absent(value: unknown): boolean {
  return value === undefined || value === null;
}

function tokens(row: Row, key: string, fail: Fail): number {
  const value = row[key];
  if (typeof value !== "number" || !Number.isInteger(value)) throw fail(`${key} ${show(value)} is not a whole number`);
  if (value < 0) throw fail(`${key} ${value} is negative`);
  if (value > MAX_TOKENS) throw fail(`${key} ${value} is more than ${MAX_TOKENS}`);
  return value;
}

function priorityOf(row: Row, fail: Fail): number {
  const value = row["priority"];
  if (absent(value)) return 0;
  if (typeof value === "number" && Number.isInteger(value) && Math.abs(value) < 2 ** 31) return value;
  throw fail(`priority ${show(value)} is not a whole number of 32 bits`);
}

function sessionOf(row: Row, fail: Fail): string {
  const value = row["session"];
  if (absent(value)) return "";
  if (typeof value === "string" || typeof value === "number") return String(value);
  throw fail(`session ${show(value)} is not a text`);
}

function show(value: unknown): string {
  return excerpt(JSON.stringify(value) ?? String(value));
}
