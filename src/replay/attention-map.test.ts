import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createPolicy, POLICIES, type PolicyName } from "../policy/table.js";
import { groupOf, naiveAttention } from "../test/naive-attention.js";
import { randomTrace } from "../test/random-trace.js";
import { selectionsOf } from "../test/selections.js";
import { attentionMap, type AttentionMap } from "./attention-map.js";
import { MapGrid } from "./map-grid.js";
import { replay } from "./replay.js";
import { milestoneHead } from "./milestone-head.js";

type Matrix = readonly (readonly number[])[];

const SHAPE = { promptTokens: 21, steps: 70, kvHeads: 2, group: 2 };
const THETA = 0.0317; // no share of the random attention is near it
const PLACE = { layer: 0, head: 1 };
const policy = (name: PolicyName, values = {}): ReturnType<typeof createPolicy> =>
  createPolicy(name, POLICIES[name], values);
const BUDGETED = { budget: 32 };
/** One choice a KV head, a layer, a query head; some read all they hold, some do not. */
const SOME = [
  policy("dense"),
  policy("raas", BUDGETED),
  policy("quest", { ...BUDGETED, denseLayers: 0 }),
  policy("tova", BUDGETED),
  policy("h2o", { ...BUDGETED, headGroup: "queryHead" }),
];

const sum = (matrix: Matrix): number => matrix.flat().reduce((total, value) => total + value, 0);

describe("an attention map", () => {
  test.each([1, 2])("counts what a naive one counts, cell by cell, seed %i", (seed) => {
    const trace = randomTrace(seed, SHAPE);
    const [stepsPerRow, positionsPerColumn, fromStep] = [4, 5, 3];
    const map = attentionMap(trace, SOME, PLACE, { cells: 19, theta: THETA, fromStep });
    expect(map).toMatchObject({ stepsPerRow, positionsPerColumn, fromStep, toStep: 70 });
    const heads = groupOf(trace, PLACE.head);
    const naive = (count: (step: number, position: number, share: number) => number, join = add): Matrix => {
      const matrix: number[][] = [];
      for (let step = fromStep; step < 70; step++) {
        const newest = 21 + step;
        const shares = naiveAttention(trace, 0, heads, newest, Array(newest + 1).keys());
        const row = (matrix[Math.floor((step - fromStep) / stepsPerRow)] ??= []);
        shares.forEach((share, position) => {
          const column = Math.floor(position / positionsPerColumn);
          row[column] = join(row[column] ?? 0, count(step, position, share));
        });
      }
      return matrix;
    };
    const largest = naive((_step, _position, share) => share, Math.max);
    expect(map.attention.map((row) => row.length)).toEqual(largest.map((row) => row.length));
    largest.forEach((row, i) => row.forEach((share, j) => expect(map.attention[i]?.[j]).toBeCloseTo(share, 5)));
    expect(map.pairs).toEqual(naive(() => 1));
    for (const [i, each] of SOME.entries()) {
      const chosen = selectionsOf(trace, each);
      const lanes = each.name.includes("queryHead")
        ? heads.map((head) => chosen.get(`0/1/${head}`) ?? [])
        : [chosen.get("0/1") ?? []];
      const times = (is: (lane: { read: boolean; kept: boolean }, share: number) => boolean): Matrix =>
        naive((step, position, share) => {
          const here = lanes.map((lane) => ({
            read: lane[step]?.read.includes(position) === true,
            kept: lane[step]?.kept.includes(position) === true,
          }));
          return here.filter((lane) => is(lane, share)).length;
        });
      expect(map.policies[i]).toEqual({
        policy: each.name,
        label: each.label,
        lanes: lanes.length,
        held: times(({ read, kept }) => read || kept),
        read: times(({ read }) => read),
        missed: times(({ read, kept }, share) => !read && !kept && share >= THETA),
        overlooked: times(({ read, kept }, share) => !read && kept && share >= THETA),
      });
    }
  });

  test("missed are evicted, overlooked are held; as many are missed as the measures say", () => {
    const all = (Object.keys(POLICIES) as PolicyName[])
      .map((name) => policy(name, "budget" in POLICIES[name].parameters ? { budget: 192 } : {}))
      .filter(({ lanes }) => lanes !== undefined);
    const trace = randomTrace(5, { ...SHAPE, steps: 260 });
    const map = attentionMap(trace, all, PLACE, { theta: THETA, cells: 50 });
    const result = replay(trace, all, { theta: THETA, outputError: false, heads: [1] });
    let losses = 0;
    for (const [i, { lanes, held, read, missed, overlooked }] of map.policies.entries()) {
      const wrong = map.pairs.flatMap((row, r) =>
        row.filter((pairs, c) => {
          const at = (matrix: Matrix): number => matrix[r]?.[c] as number;
          return !(at(missed) <= pairs * lanes - at(held) && at(overlooked) <= at(held) - at(read));
        }),
      );
      expect(wrong).toEqual([]);
      const quality = result.policies[i]?.layers[0]?.heads[0];
      expect(sum(missed) / lanes, all[i]?.name).toBeCloseTo(quality?.milestoneMisses.total as number, 6);
      losses += sum(missed);
    }
    expect(losses).toBeGreaterThan(0);
  });

  test("binning drops nothing: the largest of the cells, the sums of the counts", () => {
    const trace = randomTrace(9, SHAPE);
    const [fine, coarse] = [1000, 7].map((cells) => attentionMap(trace, SOME, PLACE, { cells, theta: THETA })) as [
      AttentionMap,
      AttentionMap,
    ];
    expect([fine.stepsPerRow, fine.positionsPerColumn]).toEqual([1, 1]);
    expect(coarse.attention.length).toBeLessThanOrEqual(7);
    expect(Math.max(...coarse.attention.flat())).toBe(Math.max(...fine.attention.flat()));
    expect(sum(coarse.pairs)).toBe(sum(fine.pairs));
    coarse.policies.forEach((each, i) => {
      for (const what of ["held", "read", "missed", "overlooked"] as const) {
        expect(sum(each[what])).toBe(sum(fine.policies[i]?.[what] as Matrix));
      }
    });
  });

  test("never has more rows or columns than it may", () => {
    fc.assert(
      fc.property(
        fc.nat(3000),
        fc.nat(500),
        fc.integer({ min: 1, max: 3000 }),
        fc.integer({ min: 1, max: 320 }),
        (prompt, from, steps, cells) => {
          const pairs = new MapGrid(prompt, from, from + steps, cells).pairs();
          expect(pairs.length).toBeLessThanOrEqual(cells);
          expect(pairs.at(-1)?.length).toBeLessThanOrEqual(cells);
          const total = pairs.reduce((all, row) => row.reduce((part, count) => part + count, all), 0);
          expect(total).toBe(steps * (prompt + from + (steps + 1) / 2)); // prompt + step + 1 positions in each step
        },
      ),
      { numRuns: 30 },
    );
  });
});

test.each([1, 2])("the head shown by default has most attention on milestones, seed %i", (seed) => {
  const [prompt, steps] = [9, 220];
  const trace = randomTrace(seed, { promptTokens: prompt, steps, layers: 2, kvHeads: 2, group: 2 });
  const found = [0, 1].flatMap((layer) => [0, 1].map((head) => ({ layer, head, mass: 0 })));
  for (const place of found) {
    const heads = groupOf(trace, place.head);
    const reads = new Map<number, { step: number; paused: boolean }>(); // by position: the last one
    for (let step = 0; step < steps; step++) {
      const newest = prompt + step;
      const shares = naiveAttention(trace, place.layer, heads, newest, Array(newest + 1).keys());
      shares.forEach((share, position) => {
        if (share < 0.01 || position < prompt) return;
        const last = reads.get(position) ?? { step: position - prompt - 1, paused: false };
        const paused = last.paused || step - last.step - 1 > 128;
        reads.set(position, { step, paused });
        if (!paused && newest - position >= 64) place.mass += share;
      });
    }
  }
  const [{ layer, head } = PLACE] = found.sort((a, b) => b.mass - a.mass);
  expect(found[0]?.mass).toBeGreaterThan(0);
  expect(milestoneHead(trace)).toEqual({ layer, head });
});

function add(a: number, b: number): number {
  return a + b;
}
