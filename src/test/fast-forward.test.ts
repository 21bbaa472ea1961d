import { expect, test } from "vitest";
import fc from "fast-check";
import { prefillFirst } from "../serve/prefill-first.js";
import { chunkByChunk, chunked } from "../serve/chunked.js";
import { ROUTERS } from "../serve/router.js";
import { serve, type ServeResult } from "../serve/serve.js";
import {
  arbitraryPatience,
  keepAll,
  linearCost,
  request,
  sawtooth,
  toyPolicy,
  toyScenario,
  type ToyOptions,
} from "./toy.js";
import { TEXT_TOKENS, type Stretch } from "../workload/text.js";
import type { RequestSpec } from "../workload/workload.js";

/** Everything that must not depend on how long the strides are. */
function observed(result: ServeResult): object {
  const n = result.requests.length;
  const cut = (column: ArrayLike<number>): number[] => Array.from(column).slice(0, n);
  return {
    admitted: cut(result.requests.admitted),
    firstToken: cut(result.requests.firstToken),
    firstAnswer: cut(result.requests.firstAnswer),
    end: cut(result.requests.end),
    preemptions: cut(result.requests.preemptions),
    replica: cut(result.requests.replica),
    totals: result.totals,
    gaps: result.logs.map(({ gaps }) => [gaps.count, gaps.sum, ...[0, 0.5, 0.9, 0.99, 1].map((q) => gaps.quantile(q))]),
    lost: cut(result.requests.lost),
    finished: result.end,
    mostInFlight: result.mostInFlight,
  };
}

/** A prompt that begins with what an earlier request asked and was answered, as far as `alike` tokens go. */
function textLike(
  earlier: RequestSpec | undefined,
  { id, promptTokens }: RequestSpec,
  alike: number,
): Pick<RequestSpec, "promptText" | "outputText"> {
  const own = 2 * id * TEXT_TOKENS;
  const before = [...(earlier?.promptText ?? [])];
  if (earlier?.outputText !== undefined) before.push({ start: earlier.outputText, tokens: earlier.outputTokens });
  let left = promptTokens;
  const cut = (stretches: readonly Stretch[], limit: number): Stretch[] => {
    let most = limit;
    return stretches.map(({ start, tokens }) => {
      const part = Math.min(tokens, most, left);
      most -= part;
      left -= part;
      return { start, tokens: part };
    });
  };
  const promptText = [...cut(before, alike), ...cut([{ start: own, tokens: Infinity }], Infinity)];
  return { promptText, outputText: own + TEXT_TOKENS };
}

const arbitraryRequests = fc
  .array(
    fc.record({
      gap: fc.integer({ min: 0, max: 1000 }),
      prompt: fc.integer({ min: 1, max: 120 }),
      output: fc.integer({ min: 1, max: 150 }),
      reasoning: fc.integer({ min: 0, max: 150 }),
      priority: fc.integer({ min: 0, max: 2 }),
      like: fc.nat(), // which earlier request it goes on from
      alike: fc.constantFrom(0, 0, 20, 64, 1000), // tokens it has in common with that
    }),
    { minLength: 4, maxLength: 40 },
  )
  .map((all) => {
    let arrival = 0;
    const requests: RequestSpec[] = [];
    for (const [id, { gap, prompt, output, reasoning, priority, like, alike }] of all.entries()) {
      arrival += gap / 1000;
      const spec = { ...request(id, arrival, prompt, output), reasoningTokens: Math.min(reasoning, output), priority };
      requests.push(alike === 0 ? spec : { ...spec, ...textLike(requests[like % id], spec, alike) });
    }
    return requests;
  });

/** The pool holds one to three of the longest sequences, so that preemption is common. */
const arbitraryScenario: fc.Arbitrary<ToyOptions> = fc
  .record({
    requests: arbitraryRequests,
    policy: fc.constantFrom(keepAll, sawtooth(64), sawtooth(33)),
    cost: fc.constantFrom(linearCost(0.01, 1e-4, 1e-6), linearCost(0.02, 0, 3e-5, 700), linearCost(0.05, 1e-3, 0)),
    groups: fc.constantFrom<NonNullable<ToyOptions["groups"]>>(
      [{ layers: 3, kind: "policy", window: Infinity }],
      [
        { layers: 3, kind: "policy", window: Infinity },
        { layers: 2, kind: "window", window: 40 },
        { layers: 1, kind: "dense", window: Infinity },
      ],
    ),
    maxSequences: fc.integer({ min: 1, max: 12 }),
    maxTokens: fc.integer({ min: 12, max: 200 }),
    blockTokens: fc.constantFrom(1, 4, 16),
    poolFactor: fc.double({ min: 1, max: 2.5, noNaN: true }),
    scheduler: fc.constantFrom(chunked, chunkByChunk, prefillFirst),
    priorities: fc.boolean(),
    asyncScheduling: fc.boolean(),
    replicas: fc.integer({ min: 1, max: 3 }),
    router: fc.constantFrom(...ROUTERS),
    maxConcurrency: fc.constantFrom(Infinity, 3, 10),
    frontEndSeconds: fc.constantFrom(0, 0.015),
    warmupSeconds: fc.constantFrom(0, 2, 9),
    patience: arbitraryPatience,
    caching: fc.boolean(),
  })
  .map(({ poolFactor, caching, ...options }) => {
    const layers = options.groups.reduce((sum, group) => sum + group.layers, 0);
    const longest = layers * Math.ceil(272 / options.blockTokens);
    const prefixCaching = options.policy === keepAll && options.groups.length === 1 && caching;
    // Whole blocks over all layers, as an engine has them.
    return { ...options, prefixCaching, layerBlocks: layers * Math.ceil((poolFactor * longest) / layers) };
  });

test("fast-forward and step by step give the same result, bit for bit, and the fast path is taken", () => {
  let iterations = 0;
  let runs = 0;
  let preemptions = 0;
  let cancelled = 0;
  let cacheHits = 0;
  fc.assert(
    fc.property(arbitraryScenario, (options) => {
      const slow = serve(toyScenario({ ...options, maxRun: 1 }));
      const fast = serve(toyScenario({ ...options, maxRun: Infinity }));
      expect(observed(fast)).toEqual(observed(slow));
      iterations += slow.totals.reduce((sum, total) => sum + total.iterations, 0);
      preemptions += slow.totals.reduce((sum, total) => sum + total.preemptions, 0);
      cancelled += fast.cancelled;
      cacheHits += slow.totals.reduce((sum, total) => sum + total.cacheHits, 0);
      runs += fast.logs.reduce((sum, log) => sum + log.length, 0);
    }),
    { numRuns: 500, seed: 20 },
  );
  expect(iterations / runs).toBeGreaterThan(3);
  expect(cancelled).toBeGreaterThan(1000);
  expect(preemptions).toBeGreaterThan(100); // the hard part of the engine was exercised
  expect(cacheHits).toBeGreaterThan(1000);
});

test("a policy that breaks its word makes the two differ", () => {
  const lying = toyPolicy((lengths) => {
    const honest = keepAll.footprint(lengths);
    return { ...honest, read: { now: honest.read.now, perStep: 2 } }; // announces two more tokens a step, reads one more
  });
  const options: ToyOptions = { requests: [request(0, 0, 10, 50)], policy: lying, cost: linearCost(0.01, 0, 1e-3) };
  const slow = serve(toyScenario({ ...options, maxRun: 1 }));
  const fast = serve(toyScenario({ ...options, maxRun: Infinity }));
  expect(fast.end).not.toBe(slow.end);
});
