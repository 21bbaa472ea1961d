import { describe, expect, test } from "vitest";
import fc from "fast-check";
import type { ParameterValue, Policy } from "../policy/policy.js";
import { createPolicy, POLICIES, type PolicyName } from "../policy/table.js";
import { prefixCaching } from "../serve/prefix-caching.js";
import { serve, type ServeResult } from "../serve/serve.js";
import { fixedWorkload, type FixedOptions } from "../workload/generate.js";
import { parseCount, parseSeconds } from "../workload/seconds.js";
import type { History, SessionShape } from "../workload/sessions.js";
import { TEXT_TOKENS } from "../workload/text.js";
import type { RequestSpec } from "../workload/workload.js";
import { NaivePrefixCache } from "./naive-prefix-cache.js";
import { linearCost, request, toyScenario, workload, type ToyOptions } from "./toy.js";

/** One second an iteration and another a prompt token, blocks of 16 tokens. */
function run(requests: readonly RequestSpec[], options: Partial<ToyOptions> = {}): ServeResult {
  return serve(toyScenario({ requests, prefixCaching: true, cost: linearCost(1, 1, 0), ...options }));
}

function generated(options: FixedOptions, toy: Partial<ToyOptions> = {}): ServeResult {
  const scenario = toyScenario({ requests: [], prefixCaching: true, cost: linearCost(1, 1, 0), ...toy });
  return serve({ ...scenario, workload: fixedWorkload(options) });
}

function hits(result: ServeResult): number {
  return result.totals.reduce((sum, { cacheHits }) => sum + cacheHits, 0);
}

function ttft({ requests }: ServeResult, id: number): number {
  return (requests.firstToken[id] as number) - (requests.sent[id] as number);
}

/** A request whose whole prompt is text number `text`. */
function says(text: number, id: number, arrival: number, promptTokens: number, outputTokens: number): RequestSpec {
  const promptText = [{ start: text * TEXT_TOKENS, tokens: promptTokens }];
  return { ...request(id, arrival, promptTokens, outputTokens), promptText };
}

describe("by hand", () => {
  test("100 prompts in turn: all but the first hundred hit, by whole blocks, and wait less by what is cached", () => {
    const requests = Array.from({ length: 350 }, (_, i) => says(i % 100, i, i * 2000, 100 + (i % 100), 3));
    const result = run(requests);
    let expected = 0;
    requests.forEach(({ id, promptTokens }) => {
      const cached = id < 100 ? 0 : 16 * Math.floor((promptTokens - 1) / 16);
      expected += cached;
      expect(ttft(result, id)).toBe(1 + promptTokens - cached);
    });
    expect(hits(result)).toBe(expected);
    expect(result.totals[0]?.cacheQueries).toBe(requests.reduce((sum, { promptTokens }) => sum + promptTokens, 0));
    const off = run(requests, { prefixCaching: false });
    expect([hits(off), ttft(off, 340)]).toEqual([0, 1 + 140]);
  });

  test("a pool that holds no hundred of them forgets each before it comes again", () => {
    const requests = Array.from({ length: 300 }, (_, i) => says(i % 100, i, i * 2000, 160, 3));
    expect(hits(run(requests, { layerBlocks: 99 * 11 }))).toBe(0); // each leaves 11 blocks, one of them nobody finds
    expect(hits(run(requests, { layerBlocks: 101 * 11 }))).toBe(200 * 144);
  });

  test("samples of one question in one iteration: the prompt is computed once", () => {
    const result = generated({ inputLen: 100, outputLen: 4, bestOf: 8, numRequests: 1 });
    expect(hits(result)).toBe(7 * 96);
    expect(ttft(result, 7)).toBe(1 + 100 + 7 * 4);
    // Six shared blocks, and for each sample one with the last 4 tokens of the prompt and 3 of the output.
    expect(result.totals[0]?.peakLayerBlocks).toBe(6 + 8);
  });

  test("a prompt of whole blocks: the last of them is computed again, once in place and once beside the other", () => {
    const result = generated({ inputLen: 64, outputLen: 20, bestOf: 2, numRequests: 1 });
    expect(hits(result)).toBe(48);
    expect(result.totals[0]?.peakLayerBlocks).toBe(4 + 1 + 2 * 2);
    const later = run([says(0, 0, 0, 64, 2), says(0, 1, 500, 64, 2)]);
    expect([hits(later), later.totals[0]?.peakLayerBlocks]).toEqual([48, 5]);
  });

  test("a system prompt: only the first request computes it", () => {
    const result = generated({ inputLen: 20, outputLen: 2, prefixLen: 64, requestRate: 0.001, numRequests: 5 });
    expect(result.requests.specs.map(({ promptTokens }) => promptTokens)).toEqual([84, 84, 84, 84, 84]);
    expect([0, 1, 4].map((id) => ttft(result, id))).toEqual([85, 21, 21]);
  });

  /** Two turns: 32 tokens in, 64 out, half of them reasoning; and 32 in again. */
  function twoTurns(history: History, turns = 2): ServeResult {
    const sessions: SessionShape = {
      turns: parseCount(turns, 1, "turns"),
      thinkSeconds: parseSeconds(1, "think-time"),
      toolCalls: parseCount(0, 0, "tool-calls"),
      toolSeconds: parseSeconds(0, "tool-time"),
      history,
    };
    return generated({ inputLen: 32, outputLen: 64, reasoningShare: 0.5, users: 1, numRequests: turns, sessions });
  }

  test("a session that carries all: prompt and output but for the last token, which no step has read", () => {
    expect(hits(twoTurns("all"))).toBe(32 + 48); // 95 tokens are computed: five whole blocks
    expect(hits(twoTurns("all", 3))).toBe(80 + 176); // 191 of 192 the second time
  });

  test("a session that drops its reasoning finds its prompt alone: the answer follows other tokens than before", () => {
    expect(hits(twoTurns("answers"))).toBe(32);
    expect(hits(twoTurns("answers", 3))).toBe(32 + 96); // the second prompt: first question, answer, second question
  });

  test("a preempted request finds what it had, as far as nobody has taken it", () => {
    const requests = [request(0, 0, 40, 100), request(1, 0, 40, 100)];
    const options = { layerBlocks: 12, maxSequences: 2 };
    const [on, off] = [run(requests, options), run(requests, { ...options, prefixCaching: false })];
    const recomputed = (result: ServeResult): number => result.totals[0]?.recomputedTokens ?? 0;
    expect(on.totals[0]?.preemptions).toBeGreaterThan(0);
    expect(recomputed(on)).toBeLessThan(recomputed(off));
    expect(hits(on)).toBe(0); // as vLLM counts: not what comes after a preemption
  });
});

const arbitraryPrompts = fc.array(
  fc.record({
    text: fc.integer({ min: 0, max: 5 }),
    shared: fc.integer({ min: 0, max: 90 }),
    own: fc.integer({ min: 1, max: 40 }),
    output: fc.integer({ min: 1, max: 40 }),
  }),
  { minLength: 5, maxLength: 60 },
);

test("one request at a time against single blocks in a map: each waits for what is not cached", () => {
  let cached = 0;
  let total = 0;
  fc.assert(
    fc.property(
      arbitraryPrompts,
      fc.constantFrom(1, 4, 16),
      fc.integer({ min: 175, max: 500 }),
      (all, blockTokens, tokens) => {
        const blocks = Math.ceil(tokens / blockTokens);
        const requests = all.map(({ text, shared, own, output }, id): RequestSpec => {
          const spec = request(id, id * 1000, shared + own, output);
          return {
            ...spec,
            promptText: [{ start: text * TEXT_TOKENS, tokens: shared }],
            outputText: (id + 9) * TEXT_TOKENS,
          };
        });
        const result = run(requests, { blockTokens, layerBlocks: blocks });
        const naive = new NaivePrefixCache(blockTokens, blocks);
        for (const { id, promptTokens, outputTokens, promptText = [] } of requests) {
          const hit = naive.match(promptText, promptTokens).cached * blockTokens;
          expect(ttft(result, id)).toBe(1 + promptTokens - hit);
          cached += hit;
          total += promptTokens;
          const hold = naive.admit(promptText, promptTokens);
          if (hold === undefined) throw new Error("the pool is too small");
          const held = promptTokens + outputTokens - 1;
          while (hold.blocks.length * blockTokens < held) naive.grow(hold);
          naive.release(hold);
        }
      },
    ),
    { numRuns: 300, seed: 61 },
  );
  expect(cached / total).toBeGreaterThan(0.1);
  expect(cached / total).toBeLessThan(0.6);
});

test("tokens are conserved: what is cached goes through no layer, and whoever is preempted comes back", () => {
  let [preemptions, cached, saved] = [0, 0, 0];
  fc.assert(
    fc.property(arbitraryPrompts, fc.integer({ min: 180, max: 500 }), fc.boolean(), (all, layerBlocks, priorities) => {
      const requests = all.map(({ text, shared, own, output }, id): RequestSpec => {
        const spec = { ...request(id, id / 8, shared + own, output), priority: own % 3 };
        return { ...spec, promptText: [{ start: text * TEXT_TOKENS, tokens: shared }] };
      });
      const options = { layerBlocks, blockTokens: 1, maxSequences: 8, priorities, cost: linearCost(0.01, 1e-3, 1e-6) };
      const result = run(requests, options);
      const [total, log] = [result.totals[0], result.logs[0]];
      if (total === undefined || log === undefined) throw new Error("no replica");
      const sum = (pick: (spec: RequestSpec) => number): number => requests.reduce((all, one) => all + pick(one), 0);
      const outputs = sum((spec) => spec.outputTokens);
      const prompts = sum((spec) => spec.promptTokens);
      expect(total.emitted).toBe(outputs);
      expect(total.cacheQueries).toBe(prompts);
      expect(total.tokens + total.cacheHits + total.preemptions).toBe(
        prompts + outputs - requests.length + total.recomputedTokens,
      );
      for (let row = 0; row < log.length; row++) expect(log.get(row, "blocksAfter")).toBeLessThanOrEqual(layerBlocks);
      preemptions += total.preemptions;
      cached += total.cacheHits;
      saved += run(requests, { ...options, prefixCaching: false }).totals[0]?.recomputedTokens ?? 0;
      saved -= total.recomputedTokens;
    }),
    { numRuns: 150, seed: 62 },
  );
  expect(preemptions).toBeGreaterThan(100);
  expect(cached).toBeGreaterThan(10_000);
  expect(saved).toBeGreaterThan(1000);
});

function policyOf(name: PolicyName, values: Readonly<Record<string, ParameterValue>> = {}): Policy {
  return createPolicy(name, POLICIES[name], values);
}

test("prefixes are cached under exactly the policies that keep every token", () => {
  const groups = [{ layers: 1, kind: "policy", window: Infinity }] as const;
  const shared = { ...workload([]), sharesPrefixes: true };
  const names = Object.keys(POLICIES) as PolicyName[];
  const cached = names.filter((name) => prefixCaching(true, { groups, policy: policyOf(name), workload: shared }).on);
  expect(cached).toEqual(expect.arrayContaining(["dense", "quest", "oracle-topk"]));
  for (const name of ["raas", "h2o", "streaming-llm", "r-kv", "snapkv", "dms"]) expect(cached).not.toContain(name);
  for (const name of names) {
    const { resident } = policyOf(name).footprint({ prompt: 5000, generated: 200_000 });
    if (cached.includes(name)) expect(resident).toEqual({ now: 205_000, perStep: 1 });
    else expect(resident.now).toBeLessThan(205_000);
  }
  const strict = policyOf("raas", { overflow: "error" });
  expect(prefixCaching(true, { groups, policy: strict, workload: shared }).notes).toEqual([
    expect.stringMatching(/^No prefix caching, as RaaS.* does not keep every token: prompts that begin alike/),
  ]);
  const windows = [{ layers: 1, kind: "window", window: 128 }] as const;
  const { on, notes } = prefixCaching(true, { groups: windows, policy: policyOf("dense"), workload: workload([]) });
  expect([on, notes]).toEqual([false, [expect.stringMatching(/^No prefix caching, as .*sliding windows.*vLLM does/)]]);
});
