import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { fixedWorkload } from "../workload/generate.js";
import { parseCount, parseSeconds } from "../workload/seconds.js";
import type { SessionShape } from "../workload/sessions.js";
import type { Workload } from "../workload/workload.js";
import { serve, type ServeResult } from "../serve/serve.js";
import { linearCost, toyScenario, type ToyOptions } from "./toy.js";

/** Requests that follow from the end of others: what they carry, when they come, how many users wait. */

function shape(over: Partial<Record<"turns" | "think" | "calls" | "tool", string | number>> = {}): SessionShape {
  return {
    turns: parseCount(over.turns ?? 1, 1, "turns"),
    thinkSeconds: parseSeconds(over.think ?? 0, "think-time"),
    toolCalls: parseCount(over.calls ?? 0, 0, "tool-calls"),
    toolSeconds: parseSeconds(over.tool ?? 0, "tool-time"),
    history: "answers",
  };
}

function run(workload: Workload, options: Partial<ToyOptions> = {}): ServeResult {
  return serve({ ...toyScenario({ requests: [], ...options }), workload });
}

function rows({ requests }: ServeResult): object[] {
  return requests.specs.map(({ session, promptTokens }, id) => [
    session,
    promptTokens,
    requests.sent[id],
    requests.end[id],
  ]);
}

const LENGTHS = { inputLen: 10, outputLen: 5, reasoningShare: 0.6 }; // 3 tokens of reasoning, 2 of answer
const QUANTUM = 2 ** -36;

describe("a session by hand: one second an iteration", () => {
  // The start of the next session, long after, is one request of the number.
  const one = { ...LENGTHS, requestRate: 0.001, numRequests: 4 };

  test("turns, earlier reasoning dropped", () => {
    const found = run(fixedWorkload({ ...one, sessions: shape({ turns: 3, think: 7 }) }));
    expect(rows(found).slice(0, 3)).toEqual([
      ["0", 10, 0, 5],
      ["0", 10 + 10 + 2, 12, 17],
      ["0", 10 + 22 + 2, 24, 29],
    ]);
  });

  test("turns, reasoning kept", () => {
    const sessions = { ...shape({ turns: 3, think: 7 }), history: "all" } as const;
    expect(run(fixedWorkload({ ...one, sessions })).requests.specs.map((spec) => spec.promptTokens)).toEqual([
      10, 25, 40, 10,
    ]);
  });

  test("tool calls: reasoning stays until the user speaks again", () => {
    const sessions = shape({ turns: 2, think: 7, calls: 1, tool: 2 });
    const found = run(fixedWorkload({ ...one, numRequests: 5, sessions }));
    expect(rows(found).slice(0, 4)).toEqual([
      ["0", 10, 0, 5],
      ["0", 25, 7, 12],
      ["0", 10 + 25 + 5 - 6, 19, 24],
      ["0", 49, 26, 31],
    ]);
  });

  test("a client that waits for nothing sends in the next instant", () => {
    const found = run(fixedWorkload({ ...one, numRequests: 3, sessions: shape({ turns: 2 }) }));
    expect(rows(found)[1]).toEqual(["0", 22, 5 + QUANTUM, 10 + QUANTUM]);
  });

  test("a history that outgrows the context ends the session; a user begins another", () => {
    const sessions = shape({ turns: 9, think: 1 });
    const found = run(fixedWorkload({ ...LENGTHS, users: 1, numRequests: 5, sessions }), { maxModelTokens: 30 });
    expect(found.failed).toBe(1);
    expect(found.requests.specs.map(({ session, promptTokens }) => [session, promptTokens])).toEqual([
      ["0.0", 10],
      ["0.0", 22],
      ["0.0", 34],
      ["0.1", 10],
      ["0.1", 22],
    ]);
    expect(found.requests.sent[3]).toBe(1 + 5 + 1 + 5 + 1 + 1 + 1); // a second after the refusal, and thinking
  });
});

test("users: never more requests in flight than users, all tokens as asked, the number exact", () => {
  const workload = fixedWorkload({
    ...LENGTHS,
    users: 4,
    numRequests: 60,
    sessions: shape({ turns: "geometric:3", think: "exponential:3", calls: "geometric:0.5", tool: 1 }),
  });
  const found = run(workload);
  const { requests } = found;
  expect(requests.length).toBe(60);
  for (let id = 0; id < 60; id++) {
    const now = requests.sent[id] as number;
    const user = requests.specs[id]?.session.split(".")[0];
    let others = 0;
    for (let before = 0; before < id; before++) {
      if ((requests.end[before] as number) < now) continue;
      others++;
      expect(requests.specs[before]?.session.split(".")[0]).not.toBe(user);
    }
    expect(others).toBeLessThan(4);
    if (id > 0) expect(now).toBeGreaterThanOrEqual(requests.sent[id - 1] as number); // ids follow arrival
  }
});

test("duration: nothing is sent at or after it", () => {
  const workload = fixedWorkload({ ...LENGTHS, users: 3, durationS: 50, sessions: shape({ think: 2 }) });
  const sent = [...run(workload).requests.sent].slice(0, run(workload).requests.length);
  expect(Math.max(...sent)).toBeLessThan(50);
  expect(sent.length).toBe(3 * 7); // at 2, 9, 16, … 44
});

/** One server, first come first served, from the definition: each user's next question comes when he has thought. */
function naive(users: number, thinks: readonly number[][], service: number, total: number): number[] {
  const next = thinks.map((list, user) => ({ user, time: list[0] as number, asked: 0 }));
  const ends: number[] = [];
  let free = 0;
  while (ends.length < total) {
    const first = next.reduce((best, one) => (one.time < best.time ? one : best));
    free = Math.max(free, first.time) + service;
    ends.push(free);
    first.asked++;
    first.time = free + (thinks[first.user]?.[first.asked] as number);
  }
  expect(next).toHaveLength(users);
  return ends;
}

test("closed loop against a naive single server", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 6 }).chain((users) =>
        fc.array(fc.array(fc.integer({ min: 1, max: 4000 }), { minLength: 31, maxLength: 31 }), {
          minLength: users,
          maxLength: users,
        }),
      ),
      (thinks) => {
        // Distinct times: a tie between users is nobody's to decide.
        const seconds = thinks.map((list, user) => list.map((ms, i) => (ms * 1024 + user * 32 + i) / 2 ** 20));
        const at = seconds.map(() => 0);
        let user = 0;
        const draw = (): number => {
          const turn = at[user] as number;
          at[user] = turn + 1;
          return seconds[user]?.[turn] as number;
        };
        // The streams tell users apart: each asker has a stream of its own, met first in the order of users.
        const known = new Map<unknown, number>();
        const thinkSeconds = {
          name: "given",
          draw: (rng: unknown) => {
            if (!known.has(rng)) known.set(rng, known.size);
            user = known.get(rng) as number;
            return draw();
          },
        };
        const workload = fixedWorkload({
          inputLen: 4,
          outputLen: 1,
          users: seconds.length,
          numRequests: 30,
          sessions: { ...shape(), thinkSeconds },
        });
        const found = run(workload, { maxSequences: 1, cost: linearCost(0.25, 0, 0) });
        // The last questions are given out when their users begin to think, so the end of the run is not the server's.
        const sure = 30 - seconds.length;
        expect([...found.requests.end].slice(0, sure)).toEqual(naive(seconds.length, seconds, 0.25, sure));
      },
    ),
    { numRuns: 60, seed: 41 },
  );
});

test("a user's questions are the same whatever the speed of the engine, seed 7", () => {
  const sessions = shape({ turns: "geometric:3", think: "exponential:3" });
  const asked = (seconds: number): Map<string, number[]> => {
    const result = run(fixedWorkload({ ...LENGTHS, users: 3, numRequests: 60, sessions }), {
      cost: linearCost(seconds, 0, 0),
      seed: 7,
    });
    const of = new Map<string, number[]>();
    for (const { session, promptTokens } of result.requests.specs)
      of.set(session, [...(of.get(session) ?? []), promptTokens]);
    return of;
  };
  const [slow, fast] = [asked(4), asked(0.1)];
  let compared = 0;
  for (const [session, prompts] of slow) {
    const other = fast.get(session) ?? [];
    const shared = Math.min(prompts.length, other.length);
    expect(prompts.slice(0, shared)).toEqual(other.slice(0, shared));
    compared += shared;
  }
  expect(compared).toBeGreaterThan(30);
});

test("fast-forward and step by step agree bit for bit on sessions, ties between replicas included", () => {
  let ties = 0;
  fc.assert(
    fc.property(
      fc.record({
        users: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
        turns: fc.constantFrom<string | number>(1, 3, "geometric:4"),
        think: fc.constantFrom<string | number>(0, 0.05, 0.5, "exponential:0.3"),
        calls: fc.constantFrom<string | number>(0, 2, "geometric:1"),
        tool: fc.constantFrom<string | number>(0, 0.1, "lognormal:-2,1"),
        output: fc.integer({ min: 1, max: 60 }),
        replicas: fc.integer({ min: 1, max: 3 }),
        maxSequences: fc.integer({ min: 1, max: 6 }),
        maxModelTokens: fc.constantFrom(120, 1_000_000),
        router: fc.constantFrom("round-robin", "least-outstanding", "least-kv"),
        frontEndSeconds: fc.constantFrom(0, 0.015),
        prefixCaching: fc.boolean(),
        layerBlocks: fc.constantFrom(150, 70_000),
        bestOf: fc.constantFrom(1, 1, 3),
        prefixLen: fc.constantFrom(0, 24),
        cost: fc.constantFrom(linearCost(0.05, 0, 0), linearCost(0.01, 1e-4, 1e-6)),
      }),
      ({ users, turns, think, calls, tool, output, bestOf, prefixLen, ...given }) => {
        const sessions = shape({ turns, think, calls, tool });
        // No request may need more than the pool of 16-token blocks.
        const options = { ...given, maxModelTokens: Math.min(given.maxModelTokens, 16 * (given.layerBlocks - 1)) };
        const rate = users === undefined ? { requestRate: 4 } : { users };
        const workload = fixedWorkload({
          inputLen: 20,
          outputLen: output,
          reasoningShare: 0.5,
          ...rate,
          numRequests: 40,
          sessions,
          bestOf,
          prefixLen,
        });
        const of = (maxRun: number): object => {
          const result = run(workload, { ...options, maxRun, seed: 3 });
          const { requests, totals, end, failed } = result;
          const cut = (column: ArrayLike<number>): number[] => Array.from(column).slice(0, requests.length);
          if (maxRun === 1) ties += requests.length - new Set(cut(requests.end)).size;
          return {
            rows: rows(result),
            first: cut(requests.firstToken),
            replica: cut(requests.replica),
            totals,
            end,
            failed,
          };
        };
        expect(of(Infinity)).toEqual(of(1));
      },
    ),
    { numRuns: 150, seed: 42 },
  );
  expect(ties).toBeGreaterThan(100);
});
