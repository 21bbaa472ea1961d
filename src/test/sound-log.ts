import { expect } from "vitest";
import { InputError } from "../core/check.js";
import { logStatistics } from "../workload/log-statistics.js";
import type { RequestLog } from "../workload/log-rows.js";

/** Damaged inputs of each kind that a fuzz test tries. */
export const FUZZ_RUNS = Number(process.env["RAAS_SIM_FUZZ_RUNS"] ?? 200);

/** What a reader may return of whatever bytes: requests in order, of lengths that exist, and figures that are numbers. */
export function requireSound(log: RequestLog): void {
  expect(log.length).toBeGreaterThan(0);
  let before = 0;
  for (let i = 0; i < log.length; i++) {
    const [arrival, prompt, output] = [log.arrival[i], log.promptTokens[i], log.outputTokens[i]] as [
      number,
      number,
      number,
    ];
    expect(Number.isFinite(arrival) && arrival >= before).toBe(true);
    before = arrival;
    expect(prompt >= 1 && prompt <= 1e7 && output >= 1 && output <= 1e7).toBe(true);
    expect(log.reasoningTokens[i]).toBeLessThanOrEqual(output);
    expect(log.reasoningTokens[i]).toBeGreaterThanOrEqual(0);
    expect(log.thinkS === null || !((log.thinkS[i] as number) < 0)).toBe(true);
  }
  expect(log.session?.length ?? log.length).toBe(log.length);
  // JSON has no NaN: it would be null, which only these may be.
  const allowed = new Set([
    "reasoningShare",
    "arrivals",
    "requestsPerS",
    "gapCv",
    "sessions",
    "turnGapS",
    "thinkS",
    "prefix",
    "tokenHitRate",
    "blockTokens",
  ]);
  JSON.stringify(logStatistics(log), (key, value: unknown) => {
    if (typeof value === "number") expect(value, key).toSatisfy(Number.isFinite);
    if (value === null) expect(allowed).toContain(key);
    return value;
  });
}

/** How else a reader may end: in an InputError that names the file and fits on a screen. Returns its message. */
export function requireRefusal(error: unknown, name: string): string {
  if (!(error instanceof InputError)) throw error;
  expect(error.message.startsWith(name)).toBe(true);
  expect(error.message.slice(name.length)).toMatch(/^(:\d+| row \d+)?( \[\d+\])?: \S/);
  expect(error.message.length).toBeLessThan(3000);
  return error.message;
}
