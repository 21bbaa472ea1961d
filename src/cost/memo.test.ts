import { expect, test } from "vitest";
import { memo } from "./memo.js";

test("the same numbers as the function, each worked out once, however large the next one is", () => {
  const asked: number[] = [];
  const square = memo((n) => (asked.push(n), n * n));
  for (const n of [3, 0, 3, 1000, 0, 65_535, 3, 1000]) expect(square(n)).toBe(n * n);
  expect(asked).toEqual([3, 0, 1000, 65_535]);
});

test("beyond the table it is the function itself", () => {
  let asked = 0;
  const half = memo((n) => (asked++, n / 2));
  expect([half(1e9), half(1e9), half(65_536)]).toEqual([5e8, 5e8, 32_768]);
  expect(asked).toBe(3);
});
