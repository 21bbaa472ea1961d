import { expect, test } from "vitest";
import { fixedWorkload } from "./generate.js";
import { parseRateCurve, RATE_CURVES } from "./rate-curve.js";

test("a factor holds to the next hour named, the last one through midnight to the first", () => {
  const { factors } = parseRateCurve("2:0.5, 8:2,20:.25", undefined);
  expect(factors).toHaveLength(24);
  expect([0, 1, 2, 7, 8, 19, 20, 23].map((hour) => factors[hour])).toEqual([0.25, 0.25, 0.5, 0.5, 2, 2, 0.25, 0.25]);
});

test("the curve of the workload, and published ones, 24 hours each", () => {
  const own = { name: "of x", source: "y", factors: Array<number>(24).fill(1) };
  expect(parseRateCurve("workload", own)).toBe(own);
  for (const [name, curve] of Object.entries(RATE_CURVES)) {
    expect(parseRateCurve(name, undefined)).toBe(curve);
    expect(curve.factors).toHaveLength(24);
  }
});

test.each<[string, RegExp]>([
  ["workload", /the workload has no curve over the day; expected servegen-m-large, ragpulse, workload, or HOUR:FACTOR/],
  ["night", /"night" is not allowed; expected/],
  ["24:1", /"24:1" is not allowed/],
  ["1:-1", /"1:-1" is not allowed/],
  ["", /"" is not allowed/],
  ["5:1,5:2", /hour 5 of "5:1,5:2" does not come after the one before it/],
  ["0:0,5:0", /has no factor above 0/],
])("%j is refused", (text, message) => {
  expect(() => parseRateCurve(text, undefined)).toThrow(message);
});

test("arrivals follow it from the start hour; the rate is the mean of the day; seed 4", () => {
  const options = {
    inputLen: 1,
    outputLen: 1,
    requestRate: 1,
    durationS: 86_400,
    rateCurve: "ragpulse",
    startHour: 12,
  };
  const workload = fixedWorkload(options);
  const hours = new Float64Array(24);
  for (const { arrival } of workload.requests(4)) hours[(12 + Math.floor(arrival / 3600)) % 24]!++;
  RATE_CURVES.ragpulse.factors.forEach((factor, hour) => {
    const expected = (86_400 * factor) / 7106;
    expect(Math.abs((hours[hour] as number) - expected)).toBeLessThan(5 * Math.sqrt(expected));
  });
  expect(workload.notes.join(" ")).toMatch(/rate curve ragpulse \(7,106 requests .*\) from 12 h/);
  expect(() => fixedWorkload({ ...options, users: 3 })).toThrow(/^request-rate: does not go with users/);
});
