import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { sentRows } from "./log-rows-sent.js";
import { logWorkload } from "./log-workload.js";
import { parseRequestLog, type RequestLog } from "./request-log.js";
import type { RequestSpec } from "./workload.js";

/** `count` sessions of one to five requests each, and as many requests without; in order of arrival. */
function sessions(count: number): RequestLog {
  const rows: string[] = [];
  for (let s = 0; s < count; s++) {
    for (let turn = 0; turn <= s % 5; turn++) rows.push(`${s * 10 + turn * 25},${s + 1},${turn + 1},s${s}`);
    rows.push(`${s * 10 + 3},${s + 1},9,`);
  }
  const text = `arrival_s,prompt_tokens,output_tokens,session\n${rows.join("\n")}\n`;
  return parseRequestLog(Buffer.from(text), "made.csv");
}

const LOG = sessions(400);
const of = (options: object, seed = 1): RequestSpec[] => [...logWorkload(LOG, options, "made").requests(seed)];

describe("a window", () => {
  test("is the rows between, counted from the first of them; two halves are the whole", () => {
    const middle = 1234.5;
    const halves = [...of({ to: middle }), ...of({ from: middle })];
    expect(halves.map((r) => [r.promptTokens, r.outputTokens])).toEqual(
      of({}).map((r) => [r.promptTokens, r.outputTokens]),
    );
    const late = of({ from: middle, to: 2000 });
    const start = LOG.arrival.find((time) => time >= middle) as number;
    expect(late[0]?.arrival).toBe(0);
    expect(late.map((r) => r.arrival)).toEqual(
      [...LOG.arrival].filter((time) => time >= middle && time < 2000).map((time) => time - start),
    );
    expect(logWorkload(LOG, { from: 10, to: 20 }, "made").notes).toContain(
      "Of the log's 1600 requests, 2 arrive from 10 s to 20 s.",
    );
  });

  test.each<[object, RegExp]>([
    [{ from: 9e6 }, /^from: no request arrives from 9000000 s to Infinity s; the last arrives at 40\d\d s$/],
    [{ from: 5, to: 5 }, /^to: 5 is not allowed; expected seconds above --from, 5$/],
    [{ from: -1 }, /^from: -1 is not allowed/],
    [{ rateScale: 0 }, /^rate-scale: 0 is not allowed/],
    [{ rateScale: Infinity }, /^rate-scale: Infinity is not allowed/],
  ])("%j is refused", (part, message) => {
    expect(() => sentRows(LOG, part, 1)).toThrow(message);
  });
});

describe("a rate scale", () => {
  const bySession = (requests: readonly RequestSpec[]): Map<string, RequestSpec[]> => {
    const found = new Map<string, RequestSpec[]>();
    for (const each of requests) {
      if (each.session !== "") found.set(each.session, [...(found.get(each.session) ?? []), each]);
    }
    return found;
  };

  test("below 1 keeps sessions whole, at their times, and that share of them", () => {
    const whole = bySession(of({}));
    fc.assert(
      fc.property(
        fc.double({ min: 0.05, max: 0.95, noNaN: true }),
        fc.integer({ min: 0, max: 1e6 }),
        (rateScale, seed) => {
          const kept = of({ rateScale }, seed);
          const found = bySession(kept);
          for (const [session, requests] of found) {
            const original = whole.get(session) as RequestSpec[];
            expect(requests.map((r) => r.outputTokens)).toEqual(original.map((r) => r.outputTokens));
            const gap = (list: RequestSpec[]): number[] =>
              list.map((r) => Math.round((r.arrival - (list[0] as RequestSpec).arrival) * 1e6));
            expect(gap(requests)).toEqual(gap(original));
          }
          const error = 4.5 * Math.sqrt(rateScale * (1 - rateScale) * 400);
          expect(Math.abs(found.size - 400 * rateScale)).toBeLessThan(error);
          expect(Math.abs(kept.filter((r) => r.session === "").length - 400 * rateScale)).toBeLessThan(error);
        },
      ),
      { numRuns: 40, seed: 51 },
    );
  });

  test("above 1 repeats them under names of their own, a minute later at most", () => {
    const sent = of({ rateScale: 2.5 }, 3);
    expect(Math.abs(sent.length / (2.5 * LOG.length) - 1)).toBeLessThan(0.03);
    const found = bySession(sent);
    expect(found.size).toBeGreaterThan(2.4 * 400);
    for (const [session, requests] of found) {
      const original = found.get(session.split(",")[0] as string) as RequestSpec[];
      expect(requests.map((r) => r.outputTokens)).toEqual(original.map((r) => r.outputTokens));
      const late = (requests[0] as RequestSpec).arrival - (original[0] as RequestSpec).arrival;
      expect(late >= 0 && late < 60).toBe(true);
    }
    sent.forEach((r, i) => {
      expect(r.id).toBe(i);
      if (i > 0) expect(r.arrival).toBeGreaterThanOrEqual((sent[i - 1] as RequestSpec).arrival);
    });
  });

  test("another seed, other sessions; the same seed, the same", () => {
    expect(of({ rateScale: 0.5 }, 1)).toEqual(of({ rateScale: 0.5 }, 1));
    expect(of({ rateScale: 0.5 }, 2)).not.toEqual(of({ rateScale: 0.5 }, 1));
  });
});
