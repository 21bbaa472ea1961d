import fc from "fast-check";
import { expect, test } from "vitest";
import { parseMeasuredRuns, type MeasuredRun } from "./measured-run.js";

const parseMeasuredRun = (text: string, path: string): MeasuredRun => {
  const runs = parseMeasuredRuns(text, path);
  expect(runs).toHaveLength(1);
  return runs[0] as MeasuredRun;
};

const SUMMARY = {
  request_rate: 2.5,
  burstiness: 1,
  max_concurrency: null,
  completed: 10,
  total_input_tokens: 1004,
  total_output_tokens: 200,
  mean_ttft_ms: 50,
  median_ttft_ms: 45,
  p99_ttft_ms: 80,
  mean_tpot_ms: 10,
  request_throughput: 2.4,
};

test("a result of vllm bench serve: figures, load, and mean lengths where it has no details", () => {
  const run = parseMeasuredRun(JSON.stringify(SUMMARY, null, 2), "r.json");
  expect(run.metrics).toEqual({
    request_throughput: 2.4,
    mean_ttft_ms: 50,
    p50_ttft_ms: 45,
    p99_ttft_ms: 80,
    mean_tpot_ms: 10,
  });
  expect(run.load).toEqual({ "request-rate": 2.5, "num-requests": 10, "input-len": 100, "output-len": 20 });
  expect(run.log).toBeUndefined();
});

test("with details the requests themselves are sent, at the client's limits", () => {
  const detailed = {
    ...SUMMARY,
    request_rate: "inf",
    max_concurrency: 8,
    burstiness: 0.5,
    input_lens: [1],
    output_lens: [2],
  };
  const run = parseMeasuredRun(JSON.stringify(detailed), "r.json");
  expect(run.load).toEqual({ "request-rate": "inf", "max-concurrency": 8, burstiness: 0.5 });
  expect([...(run.log?.promptTokens ?? [])]).toEqual([1]);
});

test("recorded times of sending hold instead of the nominal rate, unless a limit made them", () => {
  const timed = { ...SUMMARY, burstiness: 0.5, input_lens: [1], output_lens: [2], start_times: [0.5] };
  const load = (json: object): unknown => parseMeasuredRun(JSON.stringify(json), "r.json").load;
  expect(load(timed)).toEqual({});
  expect(load({ ...timed, max_concurrency: 8 })).toEqual({ "request-rate": 2.5, "max-concurrency": 8 });
  expect(() => load({ ...SUMMARY, request_rate: "fast" })).toThrow("r.json: request_rate is");
});

const request = fc.record({
  arrival_s: fc.double({ min: 0, max: 100, noNaN: true }),
  prompt_tokens: fc.integer({ min: 1, max: 5000 }),
  output_tokens: fc.integer({ min: 1, max: 5000 }),
  ttft_ms: fc.double({ min: 0.1, max: 1000, noNaN: true }),
  rest_ms: fc.double({ min: 0, max: 1e5, noNaN: true }),
});

test("a log with timings, CSV or JSON lines: the figures by their definitions", () => {
  fc.assert(
    fc.property(fc.array(request, { minLength: 1, maxLength: 40 }), (requests) => {
      const rows = requests.map(({ rest_ms: rest, ...row }) => ({ ...row, e2el_ms: row.ttft_ms + rest }));
      const names = Object.keys(rows[0] as object);
      const csv = [names.join(","), ...rows.map((row) => Object.values(row).join(","))].join("\n");
      const json = rows.map((row) => JSON.stringify(row)).join("\n");
      const run = parseMeasuredRun(csv, "a.csv");
      const same = parseMeasuredRun(json, "a.csv");
      expect({ ...same, log: run.log }).toEqual(run);
      expect([...(same.log?.outputTokens ?? [])]).toEqual([...(run.log?.outputTokens ?? [])]);
      const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
      const tpots = rows
        .filter(({ output_tokens: tokens }) => tokens > 1)
        .map((row) => (row.e2el_ms - row.ttft_ms) / (row.output_tokens - 1));
      const seconds =
        Math.max(...rows.map((row) => row.arrival_s + row.e2el_ms / 1000)) -
        Math.min(...rows.map((row) => row.arrival_s));
      expect(run.metrics["mean_ttft_ms"]).toBeCloseTo(mean(rows.map((row) => row.ttft_ms)), 6);
      expect(run.metrics["p99_e2el_ms"]).toBe(
        rows.map((row) => row.e2el_ms).sort((a, b) => a - b)[Math.ceil(0.99 * rows.length) - 1],
      );
      if (tpots.length === 0) expect(run.metrics).not.toHaveProperty("mean_tpot_ms");
      else expect(run.metrics["mean_tpot_ms"]).toBeCloseTo(mean(tpots), 6);
      expect(run.metrics["request_throughput"]).toBeCloseTo(rows.length / seconds, 6);
    }),
    { numRuns: 50, seed: 20 },
  );
});

const detailed = (changes: object): string =>
  JSON.stringify({ ...SUMMARY, input_lens: [3, 3], output_lens: [4, 4], ...changes });

test("--append-result: each line is a run, with requests of its own", () => {
  const lines = [detailed({}), JSON.stringify(SUMMARY), detailed({ input_lens: [8, 9], start_times: [1, 2] }), ""];
  const runs = parseMeasuredRuns(lines.join("\n"), "r.json");
  expect(runs.map(({ path }) => path)).toEqual(["r.json:1", "r.json:2", "r.json:3"]);
  expect(runs.map(({ log }) => log && [...log.promptTokens])).toEqual([[3, 3], undefined, [8, 9]]);
  expect(runs.map(({ load }) => load["request-rate"])).toEqual([2.5, 2.5, undefined]);
  expect(runs[1]).toEqual({ ...parseMeasuredRun(JSON.stringify(SUMMARY), "r.json:2") });
});

const HEADER = "arrival_s,prompt_tokens,output_tokens,ttft_ms,e2el_ms\n";
test.each([
  ["", /^r: is empty$/],
  ["{}", /^r: has neither mean_ttft_ms nor mean_tpot_ms.*arrival_s, prompt_tokens/],
  ['{"mean_ttft_ms": "fast"}', /^r: mean_ttft_ms is .*fast.*expected a number from 0/],
  ['{"mean_ttft_ms": 5', /^r:1: is not JSON: /],
  ['{"mean_ttft_ms": NaN}', /^r:1: mean_ttft_ms is NaN, which Python writes and JSON does not have$/],
  ['{\n "mean_ttft_ms": 5,\n "ttfts": [1, [2], -Infinity]}', /^r:1: ttfts\[2\] is -Infinity, which Python writes/],
  [`${JSON.stringify(SUMMARY)}\n{"mean_tpot_ms": NaN, "a": "NaN"}`, /^r:2: mean_tpot_ms is NaN, which/],
  [`${JSON.stringify(SUMMARY)}\n\n{"mean_tpot_ms": -1}`, /^r:3: mean_tpot_ms is .*-1.*expected a number from 0/],
  [detailed({ ttfts: [1] }), /^r: ttfts has 1 entries, input_lens 2/],
  [detailed({ ttfts: [1, "x"] }), /^r: ttfts\[1\] "x" is not a number of seconds/],
  [detailed({ ttfts: [1, -1] }), /^r: ttfts\[1\] -1 is negative/],
  [detailed({ itls: [[], [0.1, null]] }), /^r: itls\[1\]\[1\] null is not a number of seconds/],
  [detailed({ itls: [[], 3] }), /^r: itls\[1\] 3 is not a list/],
  [detailed({ errors: ["", 5] }), /^r: errors\[1\] 5 is not a text/],
  [detailed({ input_lens: "many" }), /^r: input_lens "many" is not a list/],
  [detailed({ output_lens: [4, null] }), /^r: output_lens\[1\] null is not a whole number/],
  [detailed({ output_lens: undefined }), /^r: no format is recognised|^r:1: no format/],
  [detailed({ output_lens: [0, 0] }), /^r: has no requests: all 2 rows are failed calls/],
  [HEADER, /^r: has no requests$/],
  [`${HEADER}0,10,5,20`, /^r:2: 4 fields where the header has 5/],
  [`${HEADER}0,10,5,20,x`, /^r:2: e2el_ms is .*x.*expected a number from 0/],
  [`${HEADER}0,10,5,20,100\n0,10,5,20,10`, /^r:3: e2el_ms 10 is less than ttft_ms 20/],
  ["arrival_s,prompt_tokens,output_tokens,e2el_ms\n0,1,1,1", /^r:2: no column ttft_ms; expected arrival_s/],
])("%j is refused", (text, problem) => {
  expect(() => parseMeasuredRun(text, "r")).toThrow(problem);
});
