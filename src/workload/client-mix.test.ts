import { describe, expect, test } from "vitest";
import { stream } from "../core/rng.js";
import { expectedRequests, mixWorkload } from "./client-mix.js";
import { Histogram, parseServegenDataset, parseServegenTrace, type ServegenClient } from "./servegen.js";
import type { RequestSpec } from "./workload.js";

function client(name: string, trace: string, dataset: object): ServegenClient {
  return {
    name,
    windows: parseServegenTrace(trace, `${name}.csv`),
    lengths: parseServegenDataset(dataset, `${name}.json`),
  };
}

/** Bursty, idle in the third window; lengths change at 1800 s. */
const BURSTY = client(
  "chunk-0",
  "0,2,2,Gamma,0.25,2\n600,1,2,Gamma,0.25,4\n1200,0,0,,0,0\n1800,3,0.5,Weibull,2.1,0.37\n",
  {
    "0": { input_tokens: "{100: 0.5, 200: 0.5}", output_tokens: "{10: 1.0}", reason_ratio: "{0.5: 0.25, 1.0: 0.75}" },
    "1800": { input_tokens: "{7: 1}", output_tokens: "{20: 0.1, 40: 0.9}" },
    "2400": { input_tokens: "{}" },
  },
);
const STEADY = client("chunk-1", "0,0.5,0.3,Weibull,3.7,2.2\n600,0.5,0.3,Weibull,3.7,2.2\r\n", {
  "600": { input_tokens: "{1000: 1.0}", output_tokens: "{1: 1.0}", reason_ratio: "{0.0: 1.0}" },
});
const CLIENTS = [BURSTY, STEADY];

function drawn(options: object = {}, seed = 1, clients = CLIENTS): RequestSpec[] {
  return [...mixWorkload(clients, { numRequests: 1e6, ...options }, "made").requests(seed)];
}

const SEEDS = Array.from({ length: 40 }, (_, i) => i + 100);

describe("what is drawn", () => {
  test("each window has its rate, whatever its burstiness; idle windows have none; seeds 100 to 139", () => {
    const counts = [0, 0, 0, 0];
    for (const seed of SEEDS) for (const { arrival } of drawn({}, seed, [BURSTY])) counts[Math.floor(arrival / 600)]!++;
    [1200, 600, 0, 1800].forEach((expected, i) => {
      // A renewal process of CV 2 has 4 times the variance of Poisson's: five deviations of the sum over all seeds.
      expect(Math.abs((counts[i] as number) - expected * 40)).toBeLessThanOrEqual(5 * 2 * Math.sqrt(expected * 40));
    });
  });

  test("gaps have the CV of their family and shape; seed 3", () => {
    const long = client("long", "0,5,2,Gamma,0.25,0.8\n100000,0,0,,0,0\n", {
      "0": { input_tokens: "{1: 1}", output_tokens: "{1: 1}" },
    });
    const times = drawn({ to: 100_000, numRequests: undefined }, 3, [long]).map((r) => r.arrival);
    const gaps = times.slice(1).map((time, i) => time - (times[i] as number));
    const mean = gaps.reduce((a, b) => a + b, 0) / gaps.length;
    const cv = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length) / mean;
    expect(Math.abs(mean - 0.2)).toBeLessThan(0.004);
    expect(Math.abs(cv - 2)).toBeLessThan(0.04);
  });

  test("lengths are those of the client's window; where it lacks one, of the one before, or the first", () => {
    for (const { arrival, promptTokens, outputTokens, reasoningTokens } of drawn()) {
      const seen = [promptTokens, outputTokens, reasoningTokens].join();
      if (promptTokens === 1000) expect(seen).toBe("1000,1,0");
      else if (arrival < 1800) expect(["100,10,5", "200,10,5", "100,10,10", "200,10,10"]).toContain(seen);
      else expect(["7,20,0", "7,40,0"]).toContain(seen);
    }
  });

  test("merged in order of arrival; a client's requests are the same with others beside it", () => {
    const all = drawn();
    all.forEach((r, i) => {
      expect(r.id).toBe(i);
      if (i > 0) expect(r.arrival).toBeGreaterThanOrEqual((all[i - 1] as RequestSpec).arrival);
    });
    const alone = drawn({}, 1, [STEADY]).map(({ arrival }) => arrival);
    expect(all.filter((r) => r.promptTokens === 1000).map(({ arrival }) => arrival)).toEqual(alone);
    expect(drawn({}, 1)).toEqual(all);
    expect(drawn({}, 2)).not.toEqual(all);
  });

  test("a part of the recording, other rates, a number, a duration; seeds 100 to 139", () => {
    const mean = (options: object): number =>
      SEEDS.reduce((sum, seed) => sum + drawn(options, seed).length, 0) / SEEDS.length;
    const near = (found: number, expected: number): void => {
      expect(Math.abs(found / expected - 1)).toBeLessThan(0.07);
    };
    near(mean({ from: 300, to: 900 }), 600 + 300 + 300);
    near(mean({ rateScale: 0.5 }), (1200 + 600 + 1800 + 600) / 2);
    near(mean({ requestRate: 2, to: 1200 }), 2400);
    near(mean({ durationS: 600 }), 1200 + 300);
    expect(drawn({ numRequests: 17 })).toHaveLength(17);
    expect(drawn({ numRequests: undefined })).toHaveLength(1000); // the default of every generator
    expect(Math.min(...drawn({ from: 1800 }).map((r) => r.arrival))).toBeLessThan(30);
    expect(Math.max(...drawn({ from: 1800 }).map((r) => r.arrival))).toBeLessThan(600);
    expect(expectedRequests(BURSTY.windows, 300, 2000)).toBe(600 + 600 + 600);
  });
});

test("a histogram is drawn as it is; seed 8", () => {
  const histogram = new Histogram(Float64Array.of(3, 5, 9), Float64Array.of(0.2, 0.5, 0.1));
  const rng = stream(8, "test");
  const counts = new Map<number, number>();
  for (let i = 0; i < 80_000; i++) {
    const value = histogram.draw(rng);
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  expect([...counts.keys()].sort((a, b) => a - b)).toEqual([3, 5, 9]);
  for (const [value, weight] of [
    [3, 0.2],
    [5, 0.5],
    [9, 0.1],
  ] as const) {
    expect(Math.abs((counts.get(value) as number) - 100_000 * weight)).toBeLessThan(800);
  }
  expect(histogram.mean).toBeCloseTo((3 * 2 + 5 * 5 + 9) / 8, 12);
});

describe("what is refused", () => {
  test.each<[string, RegExp]>([
    ["", /^t\.csv: is empty$/],
    ["0,1,1,Gamma,1\n", /^t\.csv:1: expected 6 columns, found 5/],
    ["0,1,1,Gamma,1,1\n\n0,1,1,Gamma,1,1\n", /^t\.csv:3: window start 0 is not after the one before it, 0$/],
    ["0,-1,1,Gamma,1,1\n", /^t\.csv:1: rate "-1" is not a number from 0/],
    ["0,1e9,1,Gamma,1,1\n", /^t\.csv:1: rate "1e9"/],
    ["0,NaN,1,Gamma,1,1\n", /^t\.csv:1: rate "NaN"/],
    ["x,1,1,Gamma,1,1\n", /^t\.csv:1: window start "x"/],
    ["0,1,1,Zipf,1,1\n", /^t\.csv:1: "Zipf" is not Gamma or Weibull/],
    ["0,1,1,Gamma,0,1\n", /^t\.csv:1: shape "0" is not above 0/],
  ])("trace %j", (text, message) => {
    expect(() => parseServegenTrace(text, "t.csv")).toThrow(message);
  });

  test.each<[unknown, RegExp]>([
    [[], /^d\.json/],
    [{}, /^d\.json: has no window/],
    [{ "0": {} }, /^d\.json: has no window/],
    [{ "0": { input_tokens: "{}", output_tokens: "{}" } }, /^d\.json: has no window/],
    [{ x: { input_tokens: "{1: 1}" } }, /^d\.json .*x/],
    [{ "0": { input_tokens: 3 } }, /^d\.json .*input_tokens/],
    [{ "0": { input_tokens: "39" } }, /^d\.json 0\.input_tokens: is not a histogram/],
    [{ "0": { input_tokens: "{39}" } }, /^d\.json 0\.input_tokens: "39" is not a value/],
    [{ "0": { input_tokens: "{-1: 1}" } }, /"-1: 1" is not a value from 0 to 10000000/],
    [{ "0": { input_tokens: "{1: -1}" } }, /"1: -1" is not a value/],
    [{ "0": { input_tokens: "{1: 1}", output_tokens: "{1: nan}" } }, /^d\.json 0\.output_tokens/],
    [
      { "0": { input_tokens: "{1: 1}", output_tokens: "{1: 1}", reason_ratio: "{2: 1}" } },
      /"2: 1" is not a value from 0 to 1/,
    ],
  ])("dataset %j", (json, message) => {
    expect(() => parseServegenDataset(json, "d.json")).toThrow(message);
  });

  test.each<[object, RegExp]>([
    [{ from: 2400 }, /^from: 2400 is not allowed; expected seconds from 0 to below 2400/],
    [{ to: 2401 }, /^to: 2401 is not allowed/],
    [{ from: 1300, to: 1700 }, /^from: all clients are idle from 1300 s to 1700 s$/],
    [{ requestRate: 1, rateScale: 2 }, /^rate-scale: does not go with request-rate/],
    [{ requestRate: Infinity }, /^request-rate: inf is not allowed/],
    [{ numRequests: 0 }, /^num-requests: 0/],
  ])("%j", (options, message) => {
    expect(() => drawn(options)).toThrow(message);
  });
});
