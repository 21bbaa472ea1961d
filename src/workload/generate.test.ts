import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { stream } from "../core/rng.js";
import { parseDefinition } from "./definition.js";
import { mixture, type Component } from "./distribution.js";
import { definitionWorkload, fixedWorkload } from "./generate.js";
import { logWorkload } from "./log-workload.js";
import { gammaFunction } from "./arrivals.js";
import { drawnLengths, empiricalLengths, fixedLengths, lognormalLengths } from "./lengths.js";
import { parseRequestLog } from "./request-log.js";
import type { RequestSpec, Workload } from "./workload.js";

const FILE = new URL("../../workloads/reasoning-production.json", import.meta.url);
const PRODUCTION = parseDefinition(JSON.parse(readFileSync(FILE, "utf8")), "reasoning-production.json");
const LOG = parseRequestLog(
  Buffer.from("arrival_s,prompt_tokens,output_tokens,session\n10,5,6,a\n12,7,8,\n14,9,10,b\n"),
  "log.csv",
);

describe("distributions", () => {
  test.each<[Component, number]>([
    [{ kind: "lognormal", weight: 1, mu: 2, sigma: 0.5 }, Math.exp(2.125)],
    [{ kind: "weibull", weight: 1, shape: 1.83, scale: 352 }, 352 * gammaFunction(1 + 1 / 1.83)],
    [{ kind: "gamma", weight: 1, shape: 2.08, scale: 136 }, 2.08 * 136],
    [{ kind: "exponential", weight: 1, mean: 211 }, 211],
    [{ kind: "pareto", weight: 1, minimum: 100, alpha: 4 }, 400 / 3],
    [{ kind: "beta", weight: 1, alpha: 4.47, beta: 1.18 }, 4.47 / 5.65],
  ])("mean of %j", (component, mean) => {
    const draw = mixture([component]);
    const rng = stream(5, "test");
    let sum = 0;
    for (let i = 0; i < 100_000; i++) sum += draw(rng);
    expect(Math.abs(sum / 100_000 / mean - 1)).toBeLessThan(0.01);
  });

  test("components are picked by weight", () => {
    const draw = mixture([
      { kind: "pareto", weight: 0.3, minimum: 1, alpha: 1000 },
      { kind: "pareto", weight: 0.7, minimum: 50, alpha: 1000 },
    ]);
    const rng = stream(5, "test");
    let high = 0;
    for (let i = 0; i < 100_000; i++) if (draw(rng) > 10) high++;
    expect(Math.abs(high / 100_000 - 0.7)).toBeLessThan(0.008);
  });
});

describe("lengths", () => {
  test("a prompt above its limit is drawn again, an output is cut", () => {
    const source = lognormalLengths({ mu: 3, sigma: 2, limit: 30 }, { mu: 3, sigma: 2, limit: 30 }, 0.5);
    const rng = stream(1, "test");
    const drawn = Array.from({ length: 5000 }, () => source.draw(rng));
    const atLimit = (key: "promptTokens" | "outputTokens"): number => drawn.filter((each) => each[key] === 30).length;
    expect(atLimit("promptTokens")).toBeLessThan(200);
    expect(atLimit("outputTokens")).toBeGreaterThan(1500);
    for (const { promptTokens, outputTokens, reasoningTokens } of drawn) {
      expect(promptTokens >= 1 && promptTokens <= 30 && outputTokens >= 1 && outputTokens <= 30).toBe(true);
      expect(reasoningTokens).toBe(Math.round(outputTokens * 0.5));
    }
  });

  test("a limit that nothing meets ends with an error, not never", () => {
    const source = lognormalLengths({ mu: 15, sigma: 0.1, limit: 1 }, { mu: 1, sigma: 1, limit: 9 });
    expect(() => source.draw(stream(1, "test"))).toThrow(/prompt\.limit/);
  });

  test("reasoning that meets the limit leaves no answer", () => {
    const part = (mu: number): Component[] => [{ kind: "lognormal", weight: 1, mu, sigma: 0.01 }];
    const prompt = { components: part(1), limit: 100 };
    const of = (mu: number): object =>
      drawnLengths({ prompt, output: { kind: "parts", reasoning: part(mu), answer: part(3), limit: 100 } }).draw(
        stream(1, "test"),
      );
    expect(of(9)).toMatchObject({ outputTokens: 100, reasoningTokens: 100 });
    expect(of(4.55)).toMatchObject({ outputTokens: 100 });
    expect(of(2)).toMatchObject({ reasoningTokens: 8 });
  });

  test("fixed and empirical", () => {
    expect(fixedLengths(7, 10, 0.25).draw(() => 0)).toEqual({ promptTokens: 7, outputTokens: 10, reasoningTokens: 3 });
    expect(() => fixedLengths(0, 10)).toThrow(/input-len: 0 is not allowed/);
    expect(() => fixedLengths(1, 1.5)).toThrow(/output-len: 1.5 is not allowed/);
    expect(() => fixedLengths(1, 1, 2)).toThrow(/reasoning-share: 2/);
    const rows = empiricalLengths(LOG);
    expect(rows.draw(() => 0.999)).toEqual({ promptTokens: 9, outputTokens: 10, reasoningTokens: 0 });
  });
});

function all(workload: Workload, seed = 1): RequestSpec[] {
  return [...workload.requests(seed)];
}

describe("definitionWorkload", () => {
  test("same seed, same requests; another seed, others", () => {
    const workload = definitionWorkload(PRODUCTION, { numRequests: 50 });
    expect(all(workload)).toEqual(all(workload));
    expect(all(workload)).toEqual(all(definitionWorkload(PRODUCTION, { numRequests: 50 })));
    expect(all(workload, 2)).not.toEqual(all(workload));
  });

  test("ids count up, the first arrives at 0, arrivals never go back", () => {
    const requests = all(definitionWorkload(PRODUCTION));
    expect(requests.length).toBe(1000);
    expect(requests[0]?.arrival).toBe(0);
    requests.forEach((request, i) => {
      expect(request.id).toBe(i);
      if (i > 0) expect(request.arrival).toBeGreaterThanOrEqual(requests[i - 1]?.arrival as number);
    });
  });

  test("rate and burstiness move arrivals and leave lengths alone", () => {
    const lengths = (options: object): number[] =>
      all(definitionWorkload(PRODUCTION, { numRequests: 30, ...options })).flatMap((r) => [
        r.promptTokens,
        r.outputTokens,
      ]);
    expect(lengths({ requestRate: 0.5 })).toEqual(lengths({ requestRate: Infinity }));
    expect(lengths({ burstiness: 3 })).toEqual(lengths({}));
  });

  test("ends with the number, the duration, or the first of both", () => {
    const count = (options: object): number => all(definitionWorkload(PRODUCTION, options)).length;
    expect(count({ numRequests: 7 })).toBe(7);
    const inTwoMinutes = count({ durationS: 120 });
    expect(Math.abs(inTwoMinutes / (120 * 16.01) - 1)).toBeLessThan(0.15);
    expect(count({ durationS: 120, numRequests: 5 })).toBe(5);
    expect(count({ durationS: 120, numRequests: 1e6 })).toBe(inTwoMinutes);
    expect(count({ requestRate: Infinity, durationS: 9, numRequests: 4 })).toBe(4);
    expect(() => count({ requestRate: Infinity, durationS: 9 })).toThrow(/duration: does not end/);
    expect(() => count({ numRequests: 0 })).toThrow(/num-requests: 0/);
    expect(() => count({ durationS: -1 })).toThrow(/duration: -1/);
  });

  test("the hourly curve shifts arrivals between hours and keeps the rate of the day", () => {
    const hours = new Float64Array(24);
    const options = { rateCurve: "workload", requestRate: 2, durationS: 86_400 };
    for (const { arrival } of definitionWorkload(PRODUCTION, options).requests(1)) {
      hours[Math.floor(arrival / 3600)] = (hours[Math.floor(arrival / 3600)] as number) + 1;
    }
    const factors = PRODUCTION.hourlyCurve?.factors as readonly number[];
    const mean = factors.reduce((a, b) => a + b, 0) / 24;
    hours.forEach((count, hour) => {
      expect(Math.abs(count / (7200 * ((factors[hour] as number) / mean)) - 1)).toBeLessThan(0.1);
    });
    const flat = { ...PRODUCTION, hourlyCurve: undefined };
    expect(() => definitionWorkload(flat, { rateCurve: "workload" })).toThrow(/no curve over the day/);
  });
});

test("fixedWorkload: all at once unless a rate is given", () => {
  const requests = all(fixedWorkload({ inputLen: 128, outputLen: 64, reasoningShare: 0.5, numRequests: 3 }));
  expect(requests.map(({ id, arrival }) => [id, arrival])).toEqual([
    [0, 0],
    [1, 0],
    [2, 0],
  ]);
  expect(requests[0]).toMatchObject({
    promptTokens: 128,
    outputTokens: 64,
    reasoningTokens: 32,
    priority: 0,
    session: "",
  });
  const paced = all(fixedWorkload({ inputLen: 1, outputLen: 1, requestRate: 10, burstiness: 4, numRequests: 5001 }));
  expect(Math.abs((paced.at(-1)?.arrival as number) / 500 - 1)).toBeLessThan(0.05);
});

describe("logWorkload", () => {
  test("replays the log", () => {
    const requests = all(logWorkload(LOG, {}, "mine"));
    expect(requests.map((r) => [r.id, r.arrival, r.promptTokens, r.outputTokens, r.session])).toEqual([
      [0, 0, 5, 6, "a"],
      [1, 2, 7, 8, ""],
      [2, 4, 9, 10, "b"],
    ]);
  });

  test("scales, ends, and says so", () => {
    const times = (options: object): number[] => all(logWorkload(LOG, options, "x")).map((r) => r.arrival);
    expect(times({ timeScale: 0.25 })).toEqual([0, 0.5, 1]);
    expect(times({ timeScale: 0 })).toEqual([0, 0, 0]);
    expect(times({ requestRate: 2 })).toEqual([0, 0.5, 1]); // recorded at 0.5 a second
    expect(times({ requestRate: Infinity })).toEqual([0, 0, 0]);
    expect(times({ durationS: 4 })).toHaveLength(2);
    expect(times({ numRequests: 1 })).toHaveLength(1);
    expect(logWorkload(LOG, { numRequests: 9 }, "x").notes).toEqual([
      "The log has 3 requests, fewer than the 9 asked for.",
      "Requests of a session are sent at their recorded times; none waits for the answer before it.",
    ]);
    expect(() => logWorkload(LOG, { timeScale: -1 }, "x")).toThrow(/time-scale: -1 is not allowed/);
    expect(() => logWorkload(LOG, { requestRate: 1, timeScale: 1 }, "x")).toThrow(/time-scale: does not go with/);
    expect(() => logWorkload(LOG, { requestRate: 1, rateScale: 1 }, "x")).toThrow(/rate-scale: does not go with/);
  });
});
