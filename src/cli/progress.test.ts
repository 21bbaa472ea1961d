import { afterEach, expect, test, vi } from "vitest";
import { progressLine } from "./progress.js";

const before = process.stderr.isTTY;
afterEach(() => {
  process.stderr.isTTY = before;
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** What 100 s of work say, a step every 0.1 s. */
function said(isTTY: boolean): string {
  vi.useFakeTimers();
  process.stderr.isTTY = isTTY;
  let text = "";
  vi.spyOn(process.stderr, "write").mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  const line = progressLine("work");
  for (let step = 1; step <= 1000; step++) {
    vi.advanceTimersByTime(100);
    line.update(() => `${step} of 1000`);
  }
  line.end();
  return text;
}

test("a stderr that is no terminal gets a plain line every half minute", () => {
  expect(said(false)).toBe("work: 300 of 1000\nwork: 600 of 1000\nwork: 900 of 1000\n");
});

test("a terminal gets one line from the first second on, which is gone in the end", () => {
  const parts = said(true).split("\r\u001b[2K");
  expect(parts.slice(0, 3)).toEqual(["", "work: 10 of 1000", "work: 12 of 1000"]);
  expect(parts.at(-1)).toBe("");
});
