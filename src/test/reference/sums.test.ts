import { expect, test } from "vitest";
import { stream } from "../../core/rng.js";
import { randomTrace } from "../random-trace.js";
import { holdAgainst, range, type Case, type NaiveHeads } from "./naive-lane.js";
import { expectChoice } from "./rule.js";

/** Policies that evict by the attention their tokens drew. */

const SEEDS = [1, 2, 3];
const GROUPS = ["kvHead", "queryHead"] as const;
const EACH = SEEDS.flatMap((seed) => GROUPS.map((headGroup) => ({ seed, headGroup })));
const SHAPES = [
  { promptTokens: 23, steps: 70 },
  { promptTokens: 50, steps: 30 }, // over budget from the start
];

/** Column sums of the rows of all prompt queries. */
function promptSums(heads: NaiveHeads): number[] {
  const sums = range(0, heads.promptTokens).map(() => 0);
  for (let position = 0; position < heads.promptTokens; position++) {
    heads.attention(position, range(0, position + 1)).forEach((share, j) => (sums[j]! += share));
  }
  return sums;
}

/** acc starts as the sums of the prompt; += each step's row; out goes the smallest acc but for the last L/2 positions. */
test.each(EACH)("H2O keeps the largest sums and the newest half, %o", ({ seed, headGroup }) => {
  for (const shape of SHAPES) {
    const budget = 32;
    holdAgainst(randomTrace(seed, shape), { policy: "h2o", values: { budget }, headGroup }, (heads) => {
      const acc = promptSums(heads);
      return (step, position, held, { read, kept }) => {
        acc.push(0);
        expect(read).toEqual(held);
        const row = heads.attention(position, held);
        for (const j of held) acc[j]! += row[j]!;
        const recent = held.filter((j) => j > position - budget / 2);
        const older = held.filter((j) => j <= position - budget / 2);
        const take = budget - recent.length;
        const score = (j: number): number => acc[j]!;
        expectChoice(
          kept,
          { always: recent, among: older, take, score, ties: "lower dropped" },
          `${heads.name} step ${step}`,
        );
        expect(recent.every((j) => kept.includes(j))).toBe(true); // the protected half
      };
    });
  }
});

/** Kept: the L largest of this step's row, averaged over all heads of the layer; one set for them all. */
test.each(SEEDS)("TOVA keeps the largest of the newest row, one set a layer, seed %i", (seed) => {
  let droppedNewest = 0;
  for (const shape of SHAPES) {
    const sets = new Map<number, readonly number[]>();
    const given: Case = { policy: "tova", values: { budget: 24 }, headGroup: "layer" };
    holdAgainst(randomTrace(seed, shape), given, (heads) => (step, position, held, { read, kept }) => {
      expect(read).toEqual(held);
      const row = heads.attention(position, held);
      const score = (j: number): number => row[j]!;
      expectChoice(kept, { always: [], among: held, take: 24, score, ties: "lower dropped" }, `step ${step}`);
      if (!kept.includes(position)) droppedNewest++;
      expect(kept).toEqual(sets.get(step) ?? kept);
      sets.set(step, kept);
    });
  }
  expect(droppedNewest).toBeGreaterThan(0);
});

/** A step marks what drew less than 1 / t of it; over budget, out go the most marked in the last w steps. */
test.each(EACH)("Scissorhands drops what was below average most often, %o", ({ seed, headGroup }) => {
  const values = { budget: 32, dropFraction: 0.5, history: 12, recent: 5 };
  for (const shape of SHAPES) {
    holdAgainst(randomTrace(seed, shape), { policy: "scissorhands", values, headGroup }, (heads) => {
      const marked: (readonly number[])[] = [];
      return (step, position, held, { read, kept }) => {
        expect(read).toEqual(held);
        const row = heads.attention(position, held);
        marked.push(held.filter((j) => row[j]! < 1 / (position + 1)));
        if (held.length <= 32) return expect(kept).toEqual(held);
        const marks = (j: number): number => marked.slice(-12).filter((step12) => step12.includes(j)).length;
        const recent = held.slice(-5);
        const rule = { always: recent, among: held.slice(0, -5), take: 16 - 5, score: (j: number) => -marks(j) };
        return expectChoice(kept, { ...rule, ties: "lower dropped" }, `${heads.name} step ${step}`);
      };
    });
  }
});

/** As H2O with softmax((log attention + Gumbel) / τ), τ = 1 + (step + 1) · Δτ, and 30 % recent. */
test.each(EACH)("Keyformer keeps the largest noisy sums and the newest, %o", ({ seed, headGroup }) => {
  for (const { values, budget, name } of [
    { values: { budget: 32, tauDelta: 0.1 }, budget: () => 32, name: "budget=32,tauDelta=0.1" },
    { values: { promptShare: 0.6 }, budget: (prompt: number) => Math.floor(0.6 * prompt), name: "promptShare=0.6" },
  ]) {
    for (const shape of SHAPES) {
      const full = headGroup === "queryHead" ? `keyformer:${name},headGroup=queryHead` : `keyformer:${name}`;
      const given: Case = { policy: "keyformer", values, headGroup, seed: 9 };
      holdAgainst(randomTrace(seed, shape), given, (heads) => {
        const group = headGroup === "queryHead" ? heads.queryHeads[0] : heads.name.split("/")[1];
        const chance = stream(9, `${full}/layer 0/group ${group}`);
        const most = budget(heads.promptTokens);
        const recentTokens = Math.floor(0.3 * most);
        const sums = promptSums(heads);
        return (step, position, held, { read, kept }) => {
          sums.push(0);
          expect(read).toEqual(held);
          const row = heads.attention(position, held);
          const tau = 1 + (step + 1) * ("tauDelta" in values ? 0.1 : 1e-4);
          const weights = held.map((j) => Math.exp((Math.log(row[j]!) - Math.log(-Math.log(chance()))) / tau));
          const total = weights.reduce((sum, weight) => sum + weight, 0);
          held.forEach((j, i) => (sums[j]! += weights[i]! / total));
          const recent = held.filter((j) => j > position - recentTokens);
          const older = held.filter((j) => j <= position - recentTokens);
          const rule = { always: recent, among: older, take: most - recent.length, score: (j: number) => sums[j]! };
          expectChoice(kept, { ...rule, ties: "lower dropped" }, `${heads.name} step ${step}`);
        };
      });
    }
  }
});
