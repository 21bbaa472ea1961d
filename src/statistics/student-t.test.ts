import { expect, test } from "vitest";
import { studentT } from "./student-t.js";

/** Published table (NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2): rows by degrees of freedom. */
const TABLE: readonly (readonly [degrees: number, t80: number, t90: number, t95: number, t98: number, t99: number])[] =
  [
    [1, 3.078, 6.314, 12.706, 31.821, 63.657],
    [2, 1.886, 2.92, 4.303, 6.965, 9.925],
    [3, 1.638, 2.353, 3.182, 4.541, 5.841],
    [4, 1.533, 2.132, 2.776, 3.747, 4.604],
    [7, 1.415, 1.895, 2.365, 2.998, 3.499],
    [10, 1.372, 1.812, 2.228, 2.764, 3.169],
    [19, 1.328, 1.729, 2.093, 2.539, 2.861],
    [30, 1.31, 1.697, 2.042, 2.457, 2.75],
    [100, 1.29, 1.66, 1.984, 2.364, 2.626],
  ];

test.each(TABLE)("%s degrees of freedom: as in the published table", (degrees, ...published) => {
  [0.8, 0.9, 0.95, 0.98, 0.99].forEach((level, i) => {
    expect(Math.abs(studentT(level, degrees) - (published[i] as number))).toBeLessThan(0.00051);
  });
});

test("closed forms: 1 and 2 degrees of freedom; the normal distribution for many", () => {
  for (const level of [0.01, 0.5, 0.9, 0.95, 0.999]) {
    expect(studentT(level, 1) / Math.tan((Math.PI * level) / 2)).toBeCloseTo(1, 12);
    expect(studentT(level, 2) / (level * Math.sqrt(2 / (1 - level * level)))).toBeCloseTo(1, 12);
  }
  expect(studentT(0.95, 9)).toBeCloseTo(2.262157163, 9); // as jStat and stdlib have it
  expect(studentT(0.95, 9999)).toBeCloseTo(1.959964, 3);
});
