import { expect, test } from "vitest";
import { createPolicy, POLICIES } from "../../policy/table.js";
import type { AttentionTrace } from "../../trace/attention-trace.js";
import { groupOf, naiveAttention, naiveLogits, naiveSoftmax } from "../naive-attention.js";
import { randomTrace } from "../random-trace.js";
import { selectionsOf } from "../selections.js";
import { range } from "./naive-lane.js";
import { expectBest, mean, naiveRow } from "./naive-rows.js";

/** Policies that hold all and read some, against naive ones written from their definitions. */

const SEEDS = [1, 2, 3];

/** Key of a KV head at a position. */
function keyOf(trace: AttentionTrace, head: number, position: number): number[] {
  const { headDim } = trace.metadata;
  return [...trace.keys(0, position, position + 1).subarray(head * headDim, (head + 1) * headDim)];
}

function queryOf(trace: AttentionTrace, queryHead: number, position: number): number[] {
  const { headDim } = trace.metadata;
  return [...trace.queries(0, position, position + 1).subarray(queryHead * headDim, (queryHead + 1) * headDim)];
}

/** Quest's pages of a step: the last one and the `pages` - 1 best others by the mean bound. */
function questPages(trace: AttentionTrace, head: number, position: number, pages: number, page: number): number[] {
  const last = Math.floor(position / page);
  if (last < pages) return range(0, position + 1);
  const bounds = range(0, last).map((own) => {
    const keys = range(own * page, (own + 1) * page).map((j) => keyOf(trace, head, j));
    const ofHeads = groupOf(trace, head).map((queryHead) =>
      queryOf(trace, queryHead, position).reduce((sum, q, c) => {
        const channel = keys.map((key) => key[c]!);
        return sum + Math.max(q * Math.min(...channel), q * Math.max(...channel));
      }, 0),
    );
    return mean(ofHeads);
  });
  const best = range(0, last).toSorted((a, b) => bounds[b]! - bounds[a]! || a - b);
  return [...best.slice(0, pages - 1), last]
    .toSorted((a, b) => a - b)
    .flatMap((own) => range(own * page, Math.min((own + 1) * page, position + 1)));
}

/** A key in so many bits: each channel at the nearest of 2^bits levels from its least to its largest, of two the even one. */
function coarse(key: readonly number[], bits: number): number[] {
  const [least, most] = [Math.min(...key), Math.max(...key)];
  const top = 2 ** bits - 1;
  return key.map((channel) => {
    const distance = (level: number): number => Math.abs(top * (channel - least) - level * (most - least)); // exact
    const level = range(0, top + 1).reduce((best, next) => {
      const closer = distance(next) - distance(best);
      return closer < 0 || (closer === 0 && next % 2 === 0) ? next : best;
    });
    return least + (level * (most - least)) / top;
  });
}

test.each(SEEDS)("twilight reads the fewest tokens of the base with the share p, seed %i", (seed) => {
  const [P, page, pages, p] = [50, 4, 9, 0.8];
  const trace = randomTrace(seed, { promptTokens: P, steps: 40, headDim: 6 });
  const { softmaxScale = 1 } = trace.metadata;
  const policy = createPolicy("twilight", POLICIES.twilight, { p, page, budget: page * pages, denseLayers: 0 });
  const chosen = selectionsOf(trace, policy);
  let read = 0;
  for (let head = 0; head < 2; head++) {
    const keys = range(0, P + 40).map((position) => coarse(keyOf(trace, head, position), 4));
    chosen.get(`0/${head}`)!.forEach((step, t) => {
      const position = P + t;
      expect(step.kept).toEqual(range(0, position + 1));
      const base = questPages(trace, head, position, pages, page);
      const rows = groupOf(trace, head).map((queryHead) => {
        const query = queryOf(trace, queryHead, position);
        const logits = range(0, position + 1).map(
          (j) => softmaxScale * query.reduce((sum, q, c) => sum + q * keys[j]![c]!, 0),
        );
        return naiveSoftmax(logits, base);
      });
      const estimate = (j: number): number => mean(rows.map((row) => row[j]!));
      const others = step.read.filter((j) => j !== position);
      const mass = estimate(position) + others.reduce((sum, j) => sum + estimate(j), 0);
      expect(mass).toBeGreaterThan(p - 1e-6);
      const least = Math.min(...others.map(estimate));
      expect(mass - least).toBeLessThan(p + 1e-6); // none too many
      expectBest(others, base.slice(0, -1), estimate, others.length);
      read += step.read.length / base.length;
    });
  }
  expect(read / 80).toBeLessThan(0.9); // and it does leave some out
});

test.each(SEEDS)("infllm reads first, newest and the best blocks, seed %i", (seed) => {
  const [P, init, local, block, blocks, representatives] = [60, 3, 10, 8, 3, 2];
  const trace = randomTrace(seed, { promptTokens: P, steps: 50 });
  const heads = range(0, 4);
  const policy = createPolicy("infllm", POLICIES.infllm, { init, local, block, blocks, representatives });
  const chosen = selectionsOf(trace, policy);
  expect(chosen.get("0/0")).toEqual(chosen.get("0/1")); // one choice a layer
  const drawn: number[] = [];
  const stands: number[][] = [];
  const makeBlocks = (): void => {
    while (init + (stands.length + 1) * block + local <= drawn.length) {
      const own = range(init + stands.length * block, init + (stands.length + 1) * block);
      stands.push(own.toSorted((a, b) => drawn[b]! - drawn[a]! || a - b).slice(0, representatives));
    }
  };
  for (let position = 0; position < P; position++) {
    drawn.push(0);
    for (const queryHead of heads) {
      naiveRow(trace, 0, queryHead, position).forEach((share, j) => (drawn[j]! += share / heads.length));
    }
  }
  makeBlocks();
  chosen.get("0/0")!.forEach(({ read, kept }, step) => {
    const position = P + step;
    drawn.push(0);
    expect(kept).toEqual(range(0, position + 1));
    const rest = init + stands.length * block; // blocks end here
    const logits = heads.map((queryHead) => naiveLogits(trace, 0, queryHead, position));
    const score = (own: number): number => mean(logits.flatMap((row) => stands[own]!.map((j) => row[j]!)));
    const readBlocks = range(0, stands.length).filter((own) => read.includes(init + own * block));
    expect(read).toEqual([
      ...range(0, init),
      ...readBlocks.flatMap((own) => range(init + own * block, init + (own + 1) * block)),
      ...range(rest, position + 1),
    ]);
    expect(position + 1 - rest).toBeGreaterThanOrEqual(local);
    expectBest(readBlocks, range(0, stands.length), score, blocks, "either");
    const attention = naiveAttention(trace, 0, heads, position, read);
    for (const j of range(position + 1 - local, position + 1)) drawn[j]! += attention[j]!;
    makeBlocks();
  });
});

test.each(SEEDS)("seerattention-r reads the blocks with the largest attention of any head, seed %i", (seed) => {
  const [P, block] = [45, 4];
  const trace = randomTrace(seed, { promptTokens: P, steps: 40, group: 3 });
  const byBudget = selectionsOf(
    trace,
    createPolicy("seerattention-r", POLICIES["seerattention-r"], { budget: 5 * block, page: block }),
  );
  const byThreshold = selectionsOf(
    trace,
    createPolicy("seerattention-r", POLICIES["seerattention-r"], { page: block, rule: "threshold", threshold: 0.08 }),
  );
  for (let head = 0; head < 2; head++) {
    for (let step = 0; step < 40; step++) {
      const position = P + step;
      const last = Math.floor(position / block);
      const rows = groupOf(trace, head).map((queryHead) => naiveRow(trace, 0, queryHead, position));
      const gate = range(0, last + 1).map((own) =>
        Math.max(...rows.map((row) => Math.max(...row.slice(own * block, (own + 1) * block)))),
      );
      const sum = gate.reduce((a, b) => a + b, 0);
      const blocksOf = (read: readonly number[]): number[] => {
        const own = [...new Set(read.map((j) => Math.floor(j / block)))];
        expect(read).toEqual(own.flatMap((b) => range(b * block, Math.min((b + 1) * block, position + 1))));
        return own;
      };
      const some = blocksOf(byBudget.get(`0/${head}`)![step]!.read);
      expect(some.at(-1)).toBe(last);
      expectBest(some.slice(0, -1), range(0, last), (own) => gate[own]!, 4);
      const above = blocksOf(byThreshold.get(`0/${head}`)![step]!.read);
      expect(above).toEqual(range(0, last + 1).filter((own) => own === last || gate[own]! / sum >= 0.08));
    }
  }
});

test.each(SEEDS)("quest-oracle reads the pages with the largest attention, seed %i", (seed) => {
  const [P, page, pages] = [45, 4, 6];
  const trace = randomTrace(seed, { promptTokens: P, steps: 40 });
  const policy = createPolicy("quest-oracle", POLICIES["quest-oracle"], { page, budget: page * pages, denseLayers: 0 });
  const chosen = selectionsOf(trace, policy);
  for (let head = 0; head < 2; head++) {
    chosen.get(`0/${head}`)!.forEach(({ read }, step) => {
      const position = P + step;
      const last = Math.floor(position / page);
      const attention = naiveAttention(trace, 0, groupOf(trace, head), position, range(0, position + 1));
      const largest = range(0, last).map((own) => Math.max(...attention.slice(own * page, (own + 1) * page)));
      const own = [...new Set(read.map((j) => Math.floor(j / page)))];
      expect(read).toEqual(own.flatMap((b) => range(b * page, Math.min((b + 1) * page, position + 1))));
      expect(own.at(-1)).toBe(last);
      expectBest(own.slice(0, -1), range(0, last), (b) => largest[b]!, pages - 1);
    });
  }
});
