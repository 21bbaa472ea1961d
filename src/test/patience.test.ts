import fc from "fast-check";
import { expect, test } from "vitest";
import { CANCELLED } from "../serve/request-table.js";
import { serve } from "../serve/serve.js";
import { parseSeconds } from "../workload/seconds.js";
import type { RequestSpec } from "../workload/workload.js";
import { keepAll, linearCost, request, sawtooth, toyScenario } from "./toy.js";

/** Clients that give up: what they leave behind is counted, and nothing of it stays. */

const arbitraryRequests = fc
  .array(
    fc.record({
      gap: fc.integer({ min: 0, max: 400 }),
      prompt: fc.integer({ min: 1, max: 100 }),
      output: fc.integer({ min: 1, max: 80 }),
    }),
    { minLength: 5, maxLength: 40 },
  )
  .map((all) => {
    let arrival = 0;
    return all.map(({ gap, prompt, output }, id) => request(id, (arrival += gap / 1000), prompt, output));
  });

test("requests and tokens are conserved; nobody is served after the deadline or given up before it", () => {
  let cancelled = 0;
  let lostOutput = 0;
  fc.assert(
    fc.property(
      arbitraryRequests,
      fc.double({ min: 0.05, max: 6, noNaN: true }),
      fc.record({
        asyncScheduling: fc.boolean(),
        replicas: fc.integer({ min: 1, max: 2 }),
        layerBlocks: fc.integer({ min: 180, max: 600 }),
        policy: fc.constantFrom(keepAll, sawtooth(40)),
        maxConcurrency: fc.constantFrom(Infinity, 4),
        frontEndSeconds: fc.constantFrom(0, 0.2),
        maxTokens: fc.constantFrom(16, 400),
      }),
      (requests, patience, options) => {
        const result = serve(
          toyScenario({
            ...options,
            requests,
            blockTokens: 1,
            maxSequences: 8,
            cost: linearCost(0.02, 1e-4, 1e-6),
            patience: parseSeconds(patience, "patience"),
          }),
        );
        const { end, sent, lost } = result.requests;
        const served = requests.filter(({ id }) => lost[id] === 0);
        expect(requests.filter(({ id }) => lost[id] === CANCELLED)).toHaveLength(result.cancelled);
        expect(served.length + result.cancelled).toBe(requests.length);
        expect(result.books.tally.completed).toBe(served.length);
        for (const { id } of requests) {
          const waited = (end[id] as number) - (sent[id] as number);
          if (lost[id] === 0) expect(waited).toBeLessThan(patience + 1e-9);
          else expect(waited).toBeCloseTo(patience, 9);
        }
        const sum = (key: "emitted" | "lostOutput" | "lostInput" | "recomputedTokens"): number =>
          result.totals.reduce((all, total) => all + total[key], 0);
        expect(sum("emitted")).toBe(
          served.reduce((all, { outputTokens }) => all + outputTokens, 0) + sum("lostOutput"),
        );
        const prompts = (some: readonly RequestSpec[]): number =>
          some.reduce((all, { promptTokens }) => all + promptTokens, 0);
        expect(sum("lostInput")).toBeLessThanOrEqual(prompts(requests) - prompts(served));
        cancelled += result.cancelled;
        lostOutput += sum("lostOutput");
      },
    ),
    { numRuns: 300, seed: 61 },
  );
  expect(cancelled).toBeGreaterThan(1000);
  expect(lostOutput).toBeGreaterThan(1000);
});

test("clients with more patience than it takes change nothing", () => {
  fc.assert(
    fc.property(arbitraryRequests, (requests) => {
      const of = (patience: ReturnType<typeof parseSeconds> | undefined): object => {
        const {
          books,
          totals,
          end,
          requests: rows,
        } = serve(toyScenario({ requests, patience, maxSequences: 3, cost: linearCost(0.02, 1e-4, 1e-6) }));
        return { totals, end, e2el: books.tally.e2el.sum, ends: [...rows.end.subarray(0, requests.length)] };
      };
      expect(of(parseSeconds(1e6, "patience"))).toEqual(of(undefined));
    }),
    { numRuns: 30, seed: 62 },
  );
});

test("by hand: steps of 1 s, two seats; one waits in vain, one is dropped at the end of a step", () => {
  const requests = [request(0, 0, 4, 10), request(1, 0, 4, 2), request(2, 0.5, 4, 9)];
  const patience = (seconds: number): object => {
    const {
      requests: rows,
      totals,
      end,
      cancelled,
    } = serve(
      toyScenario({
        requests,
        maxSequences: 2,
        cost: linearCost(1, 0, 0),
        patience: parseSeconds(seconds, "patience"),
      }),
    );
    const [total] = totals;
    return {
      ends: [...rows.end.subarray(0, 3)],
      lost: [...rows.lost.subarray(0, 3)],
      input: total?.lostInput,
      output: total?.lostOutput,
      end,
      cancelled,
    };
  };
  // Request 1 ends at 2 s, its seat goes to request 2, whose 9th token would be out at 11 s; request 0 would end at 10 s.
  expect(patience(3.25)).toEqual({
    ends: [3.25, 2, 3.75],
    lost: [2, 0, 2],
    input: 8,
    output: 4 + 2, // dropped at 4 s, both
    end: 4,
    cancelled: 2,
  });
  expect(patience(1.25)).toEqual({
    ends: [1.25, 1.25, 1.75],
    lost: [2, 2, 2],
    input: 8,
    output: 4,
    end: 2,
    cancelled: 3,
  });
  expect(patience(20)).toMatchObject({ ends: [10, 2, 11], cancelled: 0, input: 0, output: 0 });
});

test("a client that gives up sends what follows; a refused seat goes to who is held back", () => {
  const next = (): readonly RequestSpec[] => [request(9, 0, 1, 1)];
  const seen: boolean[] = [];
  const first = {
    ...request(0, 0, 4, 100),
    followUp: (_: RequestSpec, __: number, served: boolean): readonly RequestSpec[] => (seen.push(served), next()),
  };
  const result = serve(
    toyScenario({
      requests: [first, request(1, 0, 2, 2)],
      maxConcurrency: 1,
      cost: linearCost(1, 0, 0),
      patience: parseSeconds(2.75, "patience"),
    }),
  );
  expect(seen).toEqual([false]);
  expect([...result.requests.sent.subarray(0, 2)]).toEqual([0, 2.75]); // a held request's time runs from when it is sent
  expect([...result.requests.lost.subarray(0, 3)]).toEqual([CANCELLED, 0, 0]);
});
