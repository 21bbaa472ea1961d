import { expect, test } from "vitest";
import { createPolicy, POLICIES } from "../policy/table.js";
import { groupOf, naiveAttention } from "./naive-attention.js";
import { randomTrace } from "./random-trace.js";
import { selectionsOf, type Chosen } from "./selections.js";

/** Policies against naive ones written from their definitions, position by position on random attention with ties. */

const SEEDS = [1, 2, 3];

test.each(SEEDS)("h2o keeps the largest sums of attention and the newest half, seed %i", (seed) => {
  const trace = randomTrace(seed, { promptTokens: 23, steps: 90 });
  const budget = 32;
  const chosen = selectionsOf(trace, createPolicy("h2o", POLICIES.h2o, { budget }));
  for (let head = 0; head < trace.metadata.kvHeads; head++) {
    const heads = groupOf(trace, head);
    const sums: number[] = [];
    let held: number[] = [];
    for (let position = 0; position < 23; position++) {
      held.push(position);
      sums.push(0);
      naiveAttention(trace, 0, heads, position, held).forEach((share, j) => (sums[j]! += share));
    }
    const expected: Chosen[] = [];
    for (let step = 0; step < 90; step++) {
      const position = 23 + step;
      held.push(position);
      sums.push(0);
      const read = [...held];
      naiveAttention(trace, 0, heads, position, held).forEach((share, j) => (sums[j]! += share));
      while (held.length > budget) {
        const older = held.filter((j) => j <= position - budget / 2);
        const victim = older.reduce((worst, j) => (sums[j]! < sums[worst]! ? j : worst));
        held = held.filter((j) => j !== victim);
      }
      expected.push({ read, kept: [...held] });
    }
    expect(chosen.get(`0/${head}`)).toEqual(expected);
  }
});
