import fc from "fast-check";
import { expect, test } from "vitest";
import { serve, type ServeResult } from "../serve/serve.js";
import { linearCost, toyScenario, type ToyOptions } from "../test/toy.js";
import { logWorkload, type LogOptions } from "./log-workload.js";
import { parseRequestLog, type RequestLog } from "./request-log.js";
import type { RequestSpec } from "./workload.js";

/** A session of the recordings of kv-cache-tester: think times of their own. */
function agent(id: string, calls: readonly { t: number; in: number; out: number; think?: number }[]): string {
  const requests = calls.map(({ think, ...call }) => ({
    ...call,
    ...(think === undefined ? {} : { think_time: think }),
  }));
  return JSON.stringify({ id, block_size: 64, hash_id_scope: "local", requests });
}

const parsed = (...lines: readonly string[]): RequestLog => parseRequestLog(Buffer.from(lines.join("\n")), "made");

function run(log: RequestLog, options: LogOptions, scenario: Partial<ToyOptions> = {}): ServeResult {
  const workload = logWorkload(log, { sessionTiming: "closed", ...options }, "made");
  const built = toyScenario({ requests: [], cost: linearCost(1, 0, 0), ...scenario });
  return serve({ ...built, workload });
}

interface Sent {
  readonly session: string;
  readonly prompt: number;
  readonly sent: number;
  readonly end: number;
}

function rows({ requests }: ServeResult): readonly Sent[] {
  return Array.from({ length: requests.length }, (_, id) => {
    const { session, promptTokens } = requests.specs[id] as RequestSpec;
    return { session, prompt: promptTokens, sent: requests.sent[id] as number, end: requests.end[id] as number };
  });
}

test("by hand: the next request comes a think time after the answer, whatever was recorded; steps of 1 s", () => {
  const log = parsed(
    agent("a", [
      { t: 0, in: 5, out: 3 },
      { t: 2, in: 9, out: 2, think: 10 },
      { t: 3, in: 11, out: 1, think: 0.5 },
    ]),
  );
  expect(rows(run(log, {}))).toEqual([
    { session: "a", prompt: 5, sent: 0, end: 3 },
    { session: "a", prompt: 9, sent: 13, end: 15 },
    { session: "a", prompt: 11, sent: 15.5, end: 16.5 },
  ]);
  expect(rows(run(log, { timeScale: 2 })).map(({ sent }) => sent)).toEqual([0, 23, 26]);
  expect(rows(run(log, { durationS: 13 })).map(({ sent }) => sent)).toEqual([0]);
  expect(rows(run(log, { numRequests: 2 })).map(({ sent }) => sent)).toEqual([0, 13]);
});

test("where the log has no think time, the recorded gap is taken, and that is said", () => {
  const log = parsed("arrival_s,prompt_tokens,output_tokens,session", "0,5,3,a", "7,6,3,a", "1,4,1,", "8,4,1,b");
  expect(rows(run(log, {})).map(({ session, sent }) => [session, sent])).toEqual([
    ["a", 0],
    ["", 1],
    ["b", 8],
    ["a", 3 + 7],
  ]);
  expect(logWorkload(log, { sessionTiming: "closed" }, "made").notes.join(" ")).toMatch(
    /closed loop: 1 requests of the log follow others, and are sent when .* no think times; else the gap between recorded arrivals/,
  );
});

test("TraceLab: an answer ends with its last event, think or tool time runs from there", () => {
  const round = (index: number, events: readonly (readonly [string, string])[]): string =>
    JSON.stringify({
      session_id: "s",
      round_index: index,
      input_tokens_total: 10,
      prefix_tokens: 0,
      output_tokens: 2,
      timing_events: events.map(([event_type, at]) => ({ event_type, timestamp: `2026-06-01T05:40:${at}Z` })),
    });
  const log = parsed(
    round(0, [
      ["user_message", "20.000"],
      ["reasoning", "29.000"],
      ["tool_call", "31.500"],
    ]),
    round(1, [
      ["tool_result", "33.000"],
      ["text", "40.000"],
    ]),
  );
  expect([...(log.thinkS ?? [])]).toEqual([NaN, 1.5]);
});

test("with a rate, sessions begin at drawn times and go on as they do", () => {
  const sessions = Array.from({ length: 200 }, (_, i) =>
    agent(`s${i}`, [
      { t: 0, in: 5, out: 2 },
      { t: 9, in: 6, out: 2, think: 4 },
    ]),
  );
  const log = parsed(...sessions);
  const sent = rows(run(log, { requestRate: 2 }, { seed: 3 }));
  const firsts = sent.filter(({ prompt }) => prompt === 5).map((row) => row.sent);
  expect(firsts).toHaveLength(200);
  expect(Math.abs((firsts.at(-1) as number) - 100)).toBeLessThan((5 * Math.sqrt(200)) / 2);
  for (const next of sent.filter(({ prompt }) => prompt === 6)) {
    const before = sent.find(({ session, prompt }) => session === next.session && prompt === 5) as Sent;
    expect(next.sent).toBeCloseTo(before.end + 4, 9);
  }
});

test("a window and a rate scale take whole sessions, by their first request", () => {
  const log = parsed(
    "arrival_s,prompt_tokens,output_tokens,session",
    "0,1,1,a",
    "10,2,1,b",
    "20,3,1,a",
    "30,4,1,b",
    "40,5,1,c",
  );
  const prompts = (options: LogOptions): number[] => rows(run(log, options)).map(({ prompt }) => prompt);
  expect(prompts({ from: 5 })).toEqual([2, 4, 5]);
  expect(prompts({ to: 5 })).toEqual([1, 3]);
  expect(prompts({ from: 5, to: 15 })).toEqual([2, 4]);
  const many = parsed(
    "arrival_s,prompt_tokens,output_tokens,session",
    ...Array.from({ length: 600 }, (_, i) => `${i},${1 + Math.floor(i / 3)},1,s${Math.floor(i / 3)}`),
  );
  const counts = new Map<string, number>();
  for (const { session } of rows(run(many, { rateScale: 1.5 }, { maxSequences: 5000 })))
    counts.set(session, (counts.get(session) ?? 0) + 1);
  expect([...counts.values()].every((count) => count === 3)).toBe(true);
  expect(Math.abs(counts.size - 300)).toBeLessThan(5 * Math.sqrt(200 * 0.25));
});

test("a refused request ends its session; so does one that is given up", () => {
  const log = parsed(
    agent("a", [
      { t: 0, in: 5, out: 1 },
      { t: 1, in: 500, out: 1 },
      { t: 2, in: 5, out: 1 },
    ]),
  );
  const result = run(log, {}, { maxModelTokens: 100 });
  expect([result.requests.length, result.failed]).toEqual([2, 1]);
});

test("logs without sessions, and rates that contradict each other, are refused", () => {
  const plain = parsed("arrival_s,prompt_tokens,output_tokens", "0,1,1");
  expect(() => logWorkload(plain, { sessionTiming: "closed" }, "x")).toThrow(
    /^session-timing: closed needs a log with sessions; this one has none$/,
  );
  const sessions = parsed(agent("a", [{ t: 0, in: 5, out: 1 }]));
  expect(() => logWorkload(sessions, { sessionTiming: "closed", requestRate: 1, rateScale: 2 }, "x")).toThrow(
    /^rate-scale: does not go with request-rate/,
  );
});

test("each request follows the one before it in its session, fast-forward or step by step", () => {
  const call = fc.record({
    in: fc.integer({ min: 1, max: 60 }),
    out: fc.integer({ min: 1, max: 40 }),
    think: fc.integer({ min: 0, max: 30 }).map((tenths) => tenths / 10),
  });
  const arbitrary = fc.array(fc.array(call, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(arbitrary, fc.integer({ min: 1, max: 3 }), (sessions, replicas) => {
      const log = parsed(
        ...sessions.map((calls, s) =>
          agent(
            `s${s}`,
            calls.map((each, i) => ({ t: i, ...each })),
          ),
        ),
      );
      const scenario = { cost: linearCost(0.02, 1e-4, 1e-6), replicas, maxSequences: 4 };
      const fast = run(log, {}, scenario);
      expect(rows(run(log, {}, { ...scenario, maxRun: 1 }))).toEqual(rows(fast));
      sessions.forEach((calls, s) => {
        const own = rows(fast).filter(({ session }) => session === `s${s}`);
        expect(own.map(({ prompt }) => prompt)).toEqual(calls.map((each) => each.in));
        own.slice(1).forEach(({ sent }, i) => {
          expect(sent - (own[i] as Sent).end).toBeCloseTo(calls[i + 1]?.think as number, 9);
        });
      });
    }),
    { numRuns: 100, seed: 71 },
  );
});
