import type { InputError } from "../core/check.js";
import { type AzureTime, type ClockTicks, parseAzureTime, TICKS_PER_SECOND } from "./azure-time.js";
import { MAX_TIME_S, TICKS } from "./log-fields.js";
import { MAX_TOKENS } from "./log-rows.js";

/** Values of JSON rows, checked. Each throws what `fail` makes of the problem: file, line, row and the problem. */

export type Row = Readonly<Record<string, unknown>>;
export type Fail = (problem: string) => InputError;

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

export function isRow(value: unknown): value is Row {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function absent(value: unknown): boolean {
  return value === undefined || value === null;
}

/** Parquet has whole numbers as bigint, and some logs have numbers as text. */
export function plainNumber(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  return typeof value === "string" && NUMBER.test(value.trim()) ? Number(value) : value;
}

export function tokensOf(value: unknown, key: string, fail: Fail): number {
  if (typeof value !== "number" || !Number.isInteger(value)) throw fail(`${key} ${show(value)} is not a whole number`);
  if (value < 0) throw fail(`${key} ${value} is negative`);
  if (value > MAX_TOKENS) throw fail(`${key} ${value} is more than ${MAX_TOKENS}`);
  return value;
}

export function secondsOf(value: unknown, key: string, fail: Fail): number {
  return ticksOf(value, key, 1, fail);
}

/** A time or a duration in units of 1 / perSecond. */
export function ticksOf(value: unknown, key: string, perSecond: number, fail: Fail): number {
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw fail(`${key} ${show(value)} is not a number of ${unitName(perSecond)}`);
  }
  const problem = timeProblem(value, perSecond);
  if (problem !== undefined) throw fail(`${key} ${show(value)} ${problem}`);
  return value;
}

/** What is wrong with a time in units of 1 / perSecond. */
export function timeProblem(value: number, perSecond: number): string | undefined {
  if (value < 0) return "is negative";
  return value > MAX_TIME_S * perSecond ? `is beyond 3,000 years; is it in ${unitName(perSecond)}?` : undefined;
}

export function unitName(perSecond: number): string {
  const names = { [TICKS.s]: "seconds", [TICKS.ms]: "milliseconds", [TICKS.us]: "microseconds" };
  return names[perSecond] ?? "nanoseconds";
}

const time: AzureTime = { seconds: 0, ticks: 0 };

/** Ticks of 100 ns of a wall-clock time. */
export function clockOf(value: unknown, key: string, clock: ClockTicks, fail: Fail): number {
  const bytes = Buffer.from(typeof value === "string" ? value.trim() : "");
  if (value instanceof Date) return clock.ticks(dateTime(value));
  if (parseAzureTime(bytes, 0, bytes.length, time)) return clock.ticks(time);
  throw fail(`${key} ${show(value)} is not a time like 2023-11-16T18:15:46.680Z`);
}

function dateTime(date: Date): AzureTime {
  const seconds = Math.floor(date.getTime() / 1000);
  return { seconds, ticks: (date.getTime() / 1000 - seconds) * TICKS_PER_SECOND };
}

export function priorityOf(value: unknown, fail: Fail): number {
  if (absent(value)) return 0;
  if (typeof value === "number" && Number.isInteger(value) && Math.abs(value) < 2 ** 31) return value;
  throw fail(`priority ${show(value)} is not a whole number of 32 bits`);
}

export function nameOf(value: unknown, key: string, fail: Fail): string {
  if (absent(value)) return "";
  if (typeof value === "string" || typeof value === "number") return String(value);
  throw fail(`${key} ${show(value)} is not a text`);
}

export function listOf(value: unknown, key: string, fail: Fail): readonly unknown[] {
  if (!Array.isArray(value)) throw fail(`${key} ${show(value)} is not a list`);
  return value;
}

/** A list of block names: whole numbers or texts. */
export function blocksOf(value: unknown, key: string, fail: Fail): readonly unknown[] {
  const names = listOf(value, key, fail);
  for (const name of names) {
    if (typeof name !== "string" && !Number.isSafeInteger(name)) throw fail(`${key} has ${show(name)}, not an id`);
  }
  return names;
}

export function rowOf(value: unknown, key: string, fail: Fail): Row {
  if (!isRow(value)) throw fail(`${key} ${show(value)} is not an object`);
  return value;
}

export function show(value: unknown): string {
  const plain = (_: string, item: unknown): unknown => (typeof item === "bigint" ? Number(item) : item);
  const text = JSON.stringify(value, plain) ?? String(value);
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}
