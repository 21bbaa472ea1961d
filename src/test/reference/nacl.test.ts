import { expect, test } from "vitest";
import { createPolicy, POLICIES } from "../../policy/table.js";
import type { AttentionTrace } from "../../trace/attention-trace.js";
import { groupOf } from "../naive-attention.js";
import { randomTrace } from "../random-trace.js";
import { selectionsOf } from "../selections.js";
import { range } from "./naive-lane.js";
import { expectBest, mean, naiveRow } from "./naive-rows.js";

/** NACL against a naive one; its draws against the odds they are to have. */

const P = 60;
// 5 proxies; protected are 4 first and floor(0.15 · 60) - 4 = 5 newest, 12 stay for their attention, 6 by chance
const RULES = { topShare: 0.2, randomShare: 0.1, protectShare: 0.15, sinks: 4, proxyShare: 0.09, minPrompt: 20 };

function scoresOf(trace: AttentionTrace, head: number, proxies: number): number[] {
  const rows = groupOf(trace, head).map((queryHead) =>
    range(P - proxies, P).map((position) => naiveRow(trace, 0, queryHead, position)),
  );
  return range(0, P).map((j) => mean(rows.map((ofHead) => ofHead.reduce((sum, row) => sum + (row[j] ?? 0), 0))));
}

test.each([1, 2, 3])("nacl keeps first, newest, best and some others, seed %i", (seed) => {
  const trace = randomTrace(seed, { promptTokens: P, steps: 3 });
  const chosen = selectionsOf(trace, createPolicy("nacl", POLICIES.nacl, RULES), seed);
  const certain = selectionsOf(trace, createPolicy("nacl", POLICIES.nacl, { ...RULES, randomShare: 0 }), seed);
  for (let head = 0; head < 2; head++) {
    const scores = scoresOf(trace, head, 5);
    const [first] = certain.get(`0/${head}`)!;
    const best = first!.kept.filter((j) => j >= 4 && j < P - 5);
    expect(first!.kept).toEqual([...range(0, 4), ...best, ...range(P - 5, P + 1)]);
    expectBest(best, range(4, P - 5), (j) => scores[j]!, 12);
    const steps = chosen.get(`0/${head}`)!;
    expect(steps[0]!.read).toEqual(range(0, P + 1));
    expect(steps[0]!.kept.filter((j) => first!.kept.includes(j))).toEqual(first!.kept);
    expect(steps[0]!.kept.length).toBe(first!.kept.length + 6);
    expect(steps[2]!.kept).toEqual([...steps[0]!.kept, P + 1, P + 2]);
  }
});

test("nacl draws by the softmax of the scores", () => {
  const trace = randomTrace(4, { promptTokens: P, steps: 1, kvHeads: 1 });
  const scores = scoresOf(trace, 0, 30); // many proxies: odds far from even
  const policy = createPolicy("nacl", POLICIES.nacl, { ...RULES, topShare: 0, randomShare: 1.5 / P, proxyShare: 0.5 });
  const draws = 300;
  const drawn = range(0, P).map(() => 0);
  for (let seed = 0; seed < draws; seed++) {
    const { kept } = selectionsOf(trace, policy, seed).get("0/0")![0]!;
    for (const j of kept) if (j >= 4 && j < P - 5) drawn[j]!++;
  }
  expect(drawn.reduce((a, b) => a + b, 0)).toBe(draws);
  const open = range(4, P - 5);
  const chiSquare = (odds: readonly number[]): number => {
    const sum = odds.reduce((a, b) => a + b, 0);
    return open.reduce((all, j, i) => {
      const expected = (draws * odds[i]!) / sum;
      return all + (drawn[j]! - expected) ** 2 / expected;
    }, 0);
  };
  // with 50 degrees of freedom 86.7 is passed once in a thousand times
  expect(chiSquare(open.map((j) => Math.exp(scores[j]!)))).toBeLessThan(86.7);
  // and not by even odds: the mean score drawn is more than four standard errors above the mean of all
  const all = open.map((j) => scores[j]!);
  const drawnMean = open.reduce((total, j) => total + (drawn[j]! * scores[j]!) / draws, 0);
  const spread = Math.sqrt(mean(all.map((score) => (score - mean(all)) ** 2)));
  expect(drawnMean - mean(all)).toBeGreaterThan((4 * spread) / Math.sqrt(draws));
});

test("nacl leaves shorter prompts alone", () => {
  const trace = randomTrace(5, { promptTokens: 20, steps: 2 });
  const steps = selectionsOf(trace, createPolicy("nacl", POLICIES.nacl, RULES)).get("0/0")!;
  expect(steps.map(({ kept }) => kept)).toEqual([range(0, 21), range(0, 22)]);
  const policy = createPolicy("nacl", POLICIES.nacl, {});
  // 4096: 256 first, none newest (40 - 256 < 0), 491 best, 286 by chance
  expect(policy.footprint({ prompt: 4096, generated: 5 }).resident.now).toBe(256 + 491 + 286 + 5);
  expect(policy.footprint({ prompt: 2048, generated: 5 }).resident.now).toBe(2053);
});
