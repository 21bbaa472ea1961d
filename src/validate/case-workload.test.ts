import { expect, test } from "vitest";
import { caseWorkload } from "./case-workload.js";

test("answers drawn from quantiles: of the mean of their run, the same ones in another order for another seed", () => {
  const output = { shares: [0, 0.5, 1], tokens: [100, 300, 1100], mean: 550 };
  const load = { kind: "full", prompt: 10, output, requests: 200 } as const;
  const lengths = (seed: number): readonly number[] =>
    [...caseWorkload("lengths", load).requests(seed)].map(({ outputTokens }) => outputTokens);
  const [one, two] = [lengths(1), lengths(2)];
  expect(one.reduce((sum, tokens) => sum + tokens, 0) / 200).toBeCloseTo(550, 0);
  const sorted = [...one].sort((a, b) => a - b);
  expect([...two].sort((a, b) => a - b)).toEqual(sorted);
  expect(two).not.toEqual(one);
  // Scaled from a mean of 450: half of them up to 300 tokens and half above.
  expect(sorted[99]).toBeLessThanOrEqual((300 * 550) / 450);
  expect(sorted[100]).toBeGreaterThanOrEqual((300 * 550) / 450);
});
