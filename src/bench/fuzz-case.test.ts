import { expect, test } from "vitest";
import { fuzzRow } from "./fuzz-case.js";

test("the fuzz tests run as a benchmark, with as many inputs as asked for", () => {
  const { name, ours, met } = fuzzRow(2);
  const [, passed, all] = /^(\d+) of (\d+) kinds pass/.exec(ours) ?? [];
  expect(Number(all)).toBeGreaterThan(14); // formats
  expect(passed).toBe(all);
  expect(name).toBe(`${2 * Number(all)} damaged request logs, 2 of each sample`);
  expect(met).toBe(true);
});
