import { expect, test } from "vitest";
import { createPolicy, POLICIES } from "../../policy/table.js";
import { groupOf, naiveAttention, naiveLogits, naiveSoftmax } from "../naive-attention.js";
import { randomTrace } from "../random-trace.js";
import { selectionsOf } from "../selections.js";
import { range } from "./naive-lane.js";
import { expectBest, mean, naiveAveragePool } from "./naive-rows.js";

/** Policies that evict in bursts, against naive ones written from their definitions. */

const SEEDS = [1, 2, 3];

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

test.each(SEEDS)("lazy-eviction keeps what may come again, seed %i", (seed) => {
  const P = 30;
  const [budget, window, alpha] = [40, 9, 0.012];
  const trace = randomTrace(seed, { promptTokens: P, steps: 110 });
  const policy = createPolicy("lazy-eviction", POLICIES["lazy-eviction"], { budget, window, alpha });
  const chosen = selectionsOf(trace, policy);
  for (let head = 0; head < 2; head++) {
    const uses = new Map<number, number[]>(range(0, P).map((j) => [j, [P - 1]])); // steps each was used in, its birth first
    let held = range(0, P);
    let evictions = 0;
    const sizes = new Set<number>();
    chosen.get(`0/${head}`)!.forEach(({ read, kept }, step) => {
      const t = P + step;
      held.push(t);
      uses.set(t, [t]);
      expect(read).toEqual(held);
      naiveAttention(trace, 0, groupOf(trace, head), t, held).forEach((share, j) => {
        if (held.includes(j) && share > alpha && uses.get(j)!.at(-1) !== t) uses.get(j)!.push(t);
      });
      if (t % window === 0 && held.length > budget) {
        const score = (j: number): number => {
          const times = uses.get(j)!;
          const gap = Math.max(0, ...times.slice(1).map((time, i) => time - times[i]!));
          const since = t - times.at(-1)!;
          if (gap === 0) return since === 0 ? 2 * sigmoid(0) : 0;
          return 2 * sigmoid(-since / gap) + 2 * sigmoid(-1 / gap);
        };
        expect(kept.slice(-window)).toEqual(held.slice(-window));
        expectBest(kept.slice(0, -window), held.slice(0, -window), score, budget - window);
        held = [...kept];
        evictions++;
      }
      expect(kept).toEqual(held);
      if (evictions > 0) sizes.add(kept.length);
    });
    expect(evictions).toBeGreaterThan(5);
    expect([Math.min(...sizes), Math.max(...sizes)]).toEqual([budget, budget + window - 1]); // + the new one: B … B + W
  }
});

test.each(SEEDS)("rpc compresses each generated segment, seed %i", (seed) => {
  const P = 11;
  const [segment, ratio, recent, kernel] = [20, 3, 5, 5];
  const T = 6; // floor(20 / 3)
  const trace = randomTrace(seed, { promptTokens: P, steps: 100 });
  const chosen = selectionsOf(trace, createPolicy("rpc", POLICIES.rpc, { segment, ratio, recent, kernel }));
  expect(chosen.get("0/0")).toEqual(chosen.get("0/1")); // one choice a layer
  let held = range(0, P);
  let n = 0;
  const peaks: number[] = [];
  chosen.get("0/0")!.forEach(({ read, kept }, step) => {
    const t = P + step;
    held.push(t);
    expect(read).toEqual(held);
    if (held.length === P + n * T + recent + segment) {
      peaks.push(held.length);
      n++;
      const region = held.slice(P, -recent);
      const votes = range(t - recent + 1, t + 1).flatMap((position) =>
        range(0, 4).map((queryHead) => naiveSoftmax(naiveLogits(trace, 0, queryHead, position), region)),
      );
      const pooled = naiveAveragePool(
        region.map((j) => mean(votes.map((row) => row[j]!))),
        2,
      );
      expect(kept.slice(0, P)).toEqual(range(0, P));
      expect(kept.slice(-recent)).toEqual(held.slice(-recent));
      expectBest(kept.slice(P, -recent), region, (j) => pooled[region.indexOf(j)]!, n * T, "either");
      expect(kept.length).toBe(P + n * T + recent);
      held = [...kept];
    }
    expect(kept).toEqual(held);
  });
  expect(peaks).toEqual(range(0, 4).map((k) => P + k * T + recent + segment)); // steps 25, 45, 65, 85
});

test("rpc chooses for each KV head if asked to", () => {
  const trace = randomTrace(4, { promptTokens: 11, steps: 60 });
  const values = { segment: 20, recent: 5, headGroup: "kvHead" };
  const chosen = selectionsOf(trace, createPolicy("rpc", POLICIES.rpc, values));
  expect(chosen.get("0/0")!.at(-1)).not.toEqual(chosen.get("0/1")!.at(-1));
});

test.each([
  ["rpc", { segment: 20, ratio: 3, recent: 5 }],
  ["rpc", { segment: 7, ratio: 7, recent: 12 }],
  ["lazy-eviction", { budget: 40, window: 9 }],
] as const)("%s reads what its closed form says, %o", (name, values) => {
  const policy = createPolicy(name, POLICIES[name], values);
  for (const prompt of [1, 11, 30, 57]) {
    const trace = randomTrace(7, { promptTokens: prompt, steps: 70, kvHeads: 1 });
    const reads = selectionsOf(trace, policy)
      .get("0/0")!
      .map(({ read }) => read.length);
    expect(reads).toEqual(reads.map((_, step) => policy.footprint({ prompt, generated: step + 1 }).read.now));
  }
});
