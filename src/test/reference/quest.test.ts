import { expect, test } from "vitest";
import { randomTrace } from "../random-trace.js";
import { naiveBound } from "./naive-bound.js";
import { holdAgainst, range, type Case } from "./naive-lane.js";
import { choose } from "./rule.js";

/** Pages of 16 from position 0; the last one always and the L/16 - 1 best others; all while there are at most L/16. */

const CASES = [1, 2, 3].flatMap(
  (seed) =>
    [
      { seed, page: 16, budget: 64, headGroup: "kvHead", kernel: "wasm-simd" },
      { seed, page: 4, budget: 16, headGroup: "queryHead", kernel: "typescript" },
      { seed, page: 1, budget: 16, headGroup: "kvHead", kernel: "typescript" },
    ] as const,
);

test.each(CASES)("Quest reads the last page and the best others: %o", ({ seed, page, budget, headGroup, kernel }) => {
  const pages = budget / page;
  for (const promptTokens of [budget - 9, 100]) {
    const given: Case = { policy: "quest", values: { budget, page }, headGroup, kernel };
    holdAgainst(randomTrace(seed, { promptTokens, steps: 40 }), given, (heads) => (step, position, held, chosen) => {
      expect(held).toEqual(range(0, position + 1));
      expect(chosen.kept).toEqual(held);
      const last = Math.floor(position / page);
      const bounds = range(0, last).map((p) => naiveBound(heads, p, page, position));
      const best = choose({
        always: [last],
        among: range(0, last),
        take: pages - 1,
        score: (p) => bounds[p]!,
        ties: "lower taken",
      });
      const read = last + 1 <= pages ? held : held.filter((j) => best.includes(Math.floor(j / page)));
      expect({ step, read: chosen.read }).toEqual({ step, read });
      expect(chosen.read.at(-1)).toBe(position);
    });
  }
});

test("Quest reads at least three pages, as its code does", () => {
  const trace = randomTrace(4, { promptTokens: 90, steps: 10 });
  const given: Case = { policy: "quest", values: { budget: 16, page: 16 } };
  holdAgainst(trace, given, () => (_, position, __, { read }) => {
    expect(new Set(read.map((j) => Math.floor(j / 16))).size).toBe(3);
    expect(read).toContain(position);
  });
});
