import { expect, test } from "vitest";
import fc from "fast-check";
import { chunked } from "../serve/chunked.js";
import type { Plan, Scheduler, ServerView } from "../serve/scheduler.js";
import { serve } from "../serve/serve.js";
import { keepAll, linearCost, request, sawtooth, toyScenario } from "./toy.js";

const arbitrary = fc.array(
  fc.record({
    gap: fc.integer({ min: 0, max: 500 }),
    prompt: fc.integer({ min: 1, max: 100 }),
    output: fc.integer({ min: 1, max: 80 }),
  }),
  { minLength: 2, maxLength: 40 },
);

function requestsOf(all: readonly { gap: number; prompt: number; output: number }[]): ReturnType<typeof request>[] {
  let arrival = 0;
  return all.map(({ gap, prompt, output }, id) => request(id, (arrival += gap / 1000), prompt, output));
}

test("requests, tokens, gaps and blocks are conserved, and the clock never goes back", () => {
  let preemptions = 0;
  fc.assert(
    fc.property(
      arbitrary,
      fc.integer({ min: 180, max: 600 }),
      fc.constantFrom(keepAll, sawtooth(40)),
      (all, layerBlocks, policy) => {
        const requests = requestsOf(all);
        const result = serve(
          toyScenario({
            requests,
            layerBlocks,
            blockTokens: 1,
            maxSequences: 8,
            policy,
            cost: linearCost(0.01, 1e-4, 1e-6),
          }),
        );
        const total = result.totals[0];
        const log = result.logs[0];
        if (total === undefined || log === undefined) throw new Error("no replica");
        const outputs = requests.reduce((sum, r) => sum + r.outputTokens, 0);
        expect(total.emitted).toBe(outputs);
        expect(log.gaps.count).toBe(outputs - requests.length);
        // Every token but the last of a request goes through the layers once, and again where it was recomputed: a
        // context computed again takes in the newest token, which the next decode step would have computed.
        const prompts = requests.reduce((sum, r) => sum + r.promptTokens, 0);
        expect(total.tokens + total.preemptions).toBe(prompts + outputs - requests.length + total.recomputedTokens);
        preemptions += total.preemptions;
        let clock = 0;
        for (let row = 0; row < log.length; row++) {
          expect(log.get(row, "start")).toBeGreaterThanOrEqual(clock);
          clock = log.end(row);
          expect(log.get(row, "blocksAfter")).toBeLessThanOrEqual(layerBlocks);
        }
        requests.forEach(({ id }) => {
          const { sent, admitted, firstToken, end } = result.requests;
          expect((admitted[id] as number) >= (sent[id] as number)).toBe(true);
          expect((firstToken[id] as number) > (admitted[id] as number)).toBe(true);
          expect((end[id] as number) >= (firstToken[id] as number)).toBe(true);
        });
        // Gaps sum to the time between first and last tokens.
        const spans = requests.reduce(
          (sum, { id }) => sum + (result.requests.end[id] as number) - (result.requests.firstToken[id] as number),
          0,
        );
        expect(log.gaps.sum).toBeCloseTo(spans, 9);
      },
    ),
    { numRuns: 200, seed: 30 },
  );
  expect(preemptions).toBeGreaterThan(50);
});

test("when the last request has ended, no block is held", () => {
  let view: ServerView | undefined;
  const spy: Scheduler = { ...chunked, plan: (v): Plan => ((view = v), chunked.plan(v)) };
  const requests = requestsOf([
    { gap: 0, prompt: 50, output: 60 },
    { gap: 1, prompt: 70, output: 60 },
    { gap: 1, prompt: 30, output: 60 },
  ]);
  const result = serve(
    toyScenario({ requests, layerBlocks: 150, blockTokens: 1, scheduler: spy, policy: sawtooth(64) }),
  );
  expect(result.totals[0]?.preemptions).toBeGreaterThan(0);
  expect(view?.freeBlocks).toBe(150);
});

test("work that fits is never left idle, and the head of the queue waits only for budget, seats or blocks", () => {
  const idle: string[] = [];
  let waited = 0;
  let preempted = 0;
  let prefill = 0; // tokens of the iteration
  /** Once all are under way, nobody who fits waits. */
  function watched(v: ServerView): void {
    const head = v.waiting(0);
    if (head === undefined) return;
    waited++;
    if (v.running.length === 0) idle.push("an empty engine left a request waiting");
    const fits = v.prefillBlocks(head, head.contextTokens) <= v.freeBlocks;
    if (preempted === 0 && v.running.length < v.maxSequences && v.decodes + prefill < v.maxTokens && fits)
      idle.push(`a request of ${head.contextTokens} tokens waits beside ${v.freeBlocks} free blocks`);
  }
  const watch: Scheduler = {
    name: "watch",
    plan(v) {
      const plan = chunked.plan(v);
      preempted = plan.preempt.length;
      prefill = plan.chunk;
      if (preempted === 0 && plan.budget === 0) watched(v); // nobody will be asked for
      return plan;
    },
    admit(v, budget) {
      const tokens = chunked.admit(v, budget);
      prefill += tokens;
      if (tokens === 0) watched(v);
      return tokens;
    },
  };
  fc.assert(
    fc.property(arbitrary, fc.constantFrom(40, 8192), (all, maxTokens) => {
      const requests = requestsOf(all);
      serve(toyScenario({ requests, layerBlocks: 200, blockTokens: 1, scheduler: watch, maxSequences: 3, maxTokens }));
      expect(idle).toEqual([]);
    }),
    { numRuns: 100, seed: 31 },
  );
  expect(waited).toBeGreaterThan(1000);
});

test("no decision reads the true output length: longer answers change nothing before the shorter ones would have ended", () => {
  const short = requestsOf([
    { gap: 0, prompt: 40, output: 50 },
    { gap: 100, prompt: 60, output: 50 },
    { gap: 100, prompt: 80, output: 50 },
  ]);
  const long = short.map((r) => ({ ...r, outputTokens: 90 }));
  const options = { layerBlocks: 260, blockTokens: 1, cost: linearCost(0.01, 1e-4, 1e-6) };
  const a = serve(toyScenario({ ...options, requests: short }));
  const b = serve(toyScenario({ ...options, requests: long }));
  const firstEnd = Math.min(...a.requests.end.subarray(0, 3));
  short.forEach(({ id }) => {
    if ((a.requests.firstToken[id] as number) <= firstEnd)
      expect(b.requests.firstToken[id]).toBe(a.requests.firstToken[id]);
    if ((a.requests.admitted[id] as number) <= firstEnd) expect(b.requests.admitted[id]).toBe(a.requests.admitted[id]);
  });
});

test("the same seed gives the same result, another seed another", () => {
  const requests = requestsOf(Array.from({ length: 60 }, (_, i) => ({ gap: 40, prompt: 10 + (i % 7), output: 30 })));
  const run = (seed: number): number[] =>
    Array.from(serve(toyScenario({ requests, replicas: 4, router: "random", seed })).requests.replica.subarray(0, 60));
  expect(run(1)).toEqual(run(1));
  expect(run(1)).not.toEqual(run(2));
});
