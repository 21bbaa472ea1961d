import { expect, test } from "vitest";
import { decimal, dollars, gib, integer, joules, memory, milliseconds, percent, si } from "./format.js";

test("numbers as people read them", () => {
  expect([0, 1, 12.345, 999.6, 12_345, 4.56e6, -2500].map(si)).toEqual([
    "0",
    "1.00",
    "12.3",
    "1.00 k",
    "12.3 k",
    "4.56 M",
    "-2.50 k",
  ]);
  expect([0.1234, 9.999, 999.4, 999.7, 61_000, 700_000, 8e6].map(milliseconds)).toEqual([
    "0.123 ms",
    "10.0 ms",
    "999 ms",
    "1.00 s",
    "61.0 s",
    "11.7 min",
    "2.22 h",
  ]);
  expect([0.285, 2.5, 123_456].map(dollars)).toEqual(["$0.285", "$2.50", "$123,456"]);
  expect(gib(55.6 * 2 ** 30)).toBe("55.6 GiB");
  expect([memory(64 * 2 ** 20), memory(1.5 * 2 ** 30)]).toEqual(["64.0 MiB", "1.50 GiB"]);
  expect([joules(12_300), joules(0.67), joules(5.5e6)]).toEqual(["12.3 kJ", "0.670 J", "1.53 kWh"]);
  expect([percent(0.123), integer(1234567), decimal(12.345)]).toEqual(["12.3 %", "1,234,567", "12.35"]);
});

test("what is missing is a dash", () => {
  for (const write of [si, milliseconds, dollars, gib, percent, integer, decimal]) {
    expect([write(null), write(undefined), write(NaN)]).toEqual(["-", "-", "-"]);
  }
});
