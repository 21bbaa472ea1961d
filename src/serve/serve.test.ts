import { expect, test } from "vitest";
import { keepAll, linearCost, request, toyScenario } from "../test/toy.js";
import { chunkByChunk } from "./chunked.js";
import { prefillFirst } from "./prefill-first.js";
import { serve, serveInTurns } from "./serve.js";

const times = (column: Float64Array, n: number): number[] => [...column.subarray(0, n)];

test("one request alone: prefill, then one step a token", () => {
  // One second a step: the prompt takes step 1 and emits the first token; 4 more steps emit 4 more.
  const { requests, end } = serve(toyScenario({ requests: [request(0, 2, 100, 5)] }));
  expect(times(requests.firstToken, 1)).toEqual([3]);
  expect(times(requests.end, 1)).toEqual([7]);
  expect(end).toBe(7);
});

test("a prompt longer than the budget is cut into chunks, and decoding goes on beside them", () => {
  // Request 0: prefill in step 1 (0-1 s), decodes from 1 s. Request 1 arrives at 1.5 s, is seen at 2 s; its 25 tokens
  // fit 9 a step beside one decode (budget 10): chunks 9 + 9 + 7 in the steps that end at 3, 4, 5 s.
  const { requests } = serve(
    toyScenario({ requests: [request(0, 0, 8, 10), request(1, 1.5, 25, 2)], maxTokens: 10, maxSequences: 4 }),
  );
  expect(times(requests.firstToken, 2)).toEqual([1, 5]);
  expect(times(requests.end, 2)).toEqual([10, 6]);
});

test("an engine that schedules one iteration ahead lets a request in one iteration later", () => {
  // One second a step. Request 1 comes in step 3 (2-3 s), when step 4 is settled: its prompt runs in step 5 (4-5 s).
  // Request 2 comes when nothing is left but step 11 of request 0, its last: nothing is settled ahead, it runs next.
  const requests = [request(0, 0, 8, 11), request(1, 2.5, 8, 2), request(2, 10.5, 8, 1)];
  const firsts = (asyncScheduling: boolean): readonly number[] =>
    times(serve(toyScenario({ requests, asyncScheduling })).requests.firstToken, 3);
  expect(firsts(false)).toEqual([1, 4, 12]);
  expect(firsts(true)).toEqual([1, 5, 12]);
});

test("the last admitted is preempted, keeps its tokens, and recomputes prompt and tokens in one prefill", () => {
  // Blocks of 4, 6 blocks. Two prompts of 8 (2 blocks each). The first decode step needs a third block each (9 tokens):
  // 6 in use. They grow to 12 tokens; at 13 both need a fourth: request 1 goes, with 5 tokens made.
  const cost = linearCost(1, 0.125, 0);
  const result = serve(
    toyScenario({ requests: [request(0, 0, 8, 9), request(1, 0, 8, 9)], blockTokens: 4, layerBlocks: 6, cost }),
  );
  const { requests, totals, logs } = result;
  expect([...requests.preemptions.subarray(0, 2)]).toEqual([0, 1]);
  expect(totals[0]?.recomputedTokens).toBe(8 + 5);
  // Step 1 prefills 16 tokens: 1 + 16/8 = 3 s. Steps 2-5: two decodes, 1.25 s each: 8 s, 5 tokens each.
  // Request 0 goes on alone: 4 steps of 1.125 s end at 12.5 s.
  expect(requests.end[0]).toBe(12.5);
  // Then request 1 prefills 13 tokens (1 + 13/8 = 2.625 s), which makes its 6th token, and decodes 3 more.
  expect(requests.end[1]).toBe(12.5 + 2.625 + 3 * 1.125);
  // Its longest gap is from 8 s to the end of that prefill.
  expect(logs[0]?.gaps.quantile(1)).toBe(12.5 + 2.625 - 8);
});

test("a preempted context waits until all of it fits; its first chunk alone is not let in", () => {
  // 10 blocks of 4, chunks of at most 7 tokens beside one decode. Request 0 prefills in step 1. Request 1 is seen at 1 s:
  // chunks of 7 + 7 + 2 in steps 2-4, and both decode from step 5.
  const parts = {
    requests: [request(0, 0, 4, 30), request(1, 0.5, 16, 12)],
    blockTokens: 4,
    layerBlocks: 10,
    maxTokens: 8,
    maxSequences: 2,
  };
  const { requests, totals } = serve(toyScenario(parts));
  // In step k request 0 caches its token 3 + k, request 1 its 12 + k. Step 13 would need 4 + 7 blocks (16 and 25 tokens):
  // request 1 goes, with 16 tokens of prompt and 9 made.
  expect([...requests.preemptions.subarray(0, 2)]).toEqual([0, 1]);
  // 25 tokens need 7 blocks, and request 0 leaves less than that until it ends, after 30 steps: no token is computed in vain.
  expect(totals[0]?.recomputedTokens).toBe(25);
  expect(requests.end[0]).toBe(30);
  // Chunks of 8 + 8 + 8 + 1 make token 10, two steps more the last.
  expect(requests.end[1]).toBe(30 + 4 + 2);
  // Before that rule it came back with 7 tokens as soon as they fitted, and was preempted before its last chunk, time and again.
  const earlier = serve(toyScenario({ ...parts, scheduler: chunkByChunk }));
  expect(earlier.requests.preemptions[1]).toBeGreaterThan(1);
  expect(earlier.totals[0]?.recomputedTokens).toBeGreaterThan(25);
  expect(earlier.requests.end[0]).toBe(30);
});

test("prefill first: those that decode pause while a prompt is computed", () => {
  const result = serve(
    toyScenario({ requests: [request(0, 0, 8, 5), request(1, 1.5, 8, 2)], scheduler: prefillFirst }),
  );
  // 0-1 s prefill of 0; 1-2 decode; 2-3 prefill of 1; 3-4 both decode, 1 ends; 4-5, 5-6 decode of 0.
  expect(times(result.requests.end, 2)).toEqual([6, 4]);
  const gaps = result.logs[0]?.gaps;
  expect(gaps?.count).toBe(4 + 1); // output - 1 each
  expect(gaps?.sum).toBe(1 + 2 + 1 + 1 + 1); // the second gap of request 0 spans the pause
});

test("clients at their limit hold back, and latency counts from sending", () => {
  const { requests } = serve(
    toyScenario({ requests: [request(0, 0, 8, 3), request(1, 0, 8, 3), request(2, 0, 8, 3)], maxConcurrency: 1 }),
  );
  expect(times(requests.sent, 3)).toEqual([0, 3, 6]);
  expect(times(requests.end, 3)).toEqual([3, 6, 9]);
});

test("an urgent request overtakes the queue and is preempted last", () => {
  const urgent = { ...request(2, 0.5, 8, 3), priority: -1 };
  const { requests } = serve(
    toyScenario({ requests: [request(0, 0, 8, 3), request(1, 0.25, 8, 3), urgent], maxSequences: 1, priorities: true }),
  );
  expect(times(requests.end, 3)).toEqual([3, 9, 6]);
});

test("a prompt that leaves no room in the context is refused; a long output is cut", () => {
  const result = serve(toyScenario({ requests: [request(0, 0, 100, 5), request(1, 0, 90, 50)], maxModelTokens: 100 }));
  expect(result.failed).toBe(1);
  expect(result.truncated).toBe(1);
  expect(result.requests.specs[1]?.outputTokens).toBe(10);
  expect(result.requests.end[0]).toBeNaN();
});

test("the first answer token is looked up, wherever it fell", () => {
  const thinking = { ...request(0, 0, 8, 9), reasoningTokens: 4 };
  const { requests } = serve(toyScenario({ requests: [thinking], policy: keepAll }));
  expect(requests.firstAnswer[0]).toBe(5); // token 5 comes at the end of step 5
});

test("a run in turns pauses, and gives the same result", async () => {
  const requests = Array.from({ length: 6000 }, (_, id) => request(id, id * 3, 8, 1 + (id % 3)));
  const scenario = toyScenario({ requests });
  let pauses = 0;
  const result = await serveInTurns(scenario, () => Promise.resolve(void pauses++));
  expect(pauses).toBeGreaterThan(0);
  const { requests: table, totals, end } = serve(scenario);
  expect({ end: result.end, totals: result.totals }).toEqual({ end, totals });
  expect(result.requests.end).toEqual(table.end);
});
