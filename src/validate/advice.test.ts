import { expect, test } from "vitest";
import type { ServerRun } from "./advice.js";
import { advice } from "./advice.js";

/** A run with so many sequences at once: measured and predicted TPOT and TTFT in ms. */
function run(sequences: number, tpot: [number, number], ttft: [number, number], waiting = 0): ServerRun {
  const e2el = 1000;
  return {
    run: {
      path: "r",
      metrics: {
        mean_tpot_ms: tpot[0],
        mean_ttft_ms: ttft[0],
        mean_e2el_ms: e2el,
        request_throughput: sequences, // of a second each
      },
      load: {},
      log: undefined,
    },
    predicted: {
      mean_tpot_ms: tpot[1],
      mean_ttft_ms: ttft[1],
      mean_running_requests: sequences,
      mean_waiting_requests: waiting,
      preemptions: 3,
    },
    kvBlocks: 1234,
    asyncScheduling: false,
  };
}

test("nothing stands out where both latencies are close", () => {
  expect(advice([run(4, [10, 10.2], [50, 52])])).toEqual([expect.stringMatching(/nothing stands out/)]);
});

test.each([
  [
    "as much at every load: a step's host time",
    [run(2, [11, 10], [50, 50]), run(64, [31, 30], [50, 50])],
    /--host-step-time/,
  ],
  [
    "more in large batches: a sequence's host time",
    [run(2, [10, 10], [50, 50]), run(64, [35, 30], [50, 50])],
    /--host-sequence-time/,
  ],
  ["more in small batches: launches", [run(2, [14, 10], [50, 50]), run(64, [30.5, 30], [50, 50])], /--cuda-graphs/],
  ["one run of few sequences", [run(2, [14, 10], [50, 50])], /--host-step-time.*second run/],
  ["one run of many sequences", [run(64, [14, 10], [50, 50])], /--host-sequence-time.*second run/],
  ["first tokens late without a queue", [run(2, [10, 10], [70, 50])], /--front-end-time/],
  [
    "first tokens late where requests wait",
    [run(200, [10, 10], [900, 500], 20)],
    /1234.*--num-gpu-blocks-override.*3 requests/,
  ],
] as const)("%s", (_, runs, said) => {
  const sentences = advice(runs);
  expect(sentences).toHaveLength(2);
  expect(sentences[0]).toMatch(said);
  expect(sentences[1]).toMatch(/^The largest error is mean_(tpot|ttft)_ms of r, .*: see above\.$/);
});

test("asynchronous scheduling hides host time, and the advice says so", () => {
  const runs = [run(2, [11, 10], [50, 50]), run(64, [31, 30], [50, 50])].map((each) => ({
    ...each,
    asyncScheduling: true,
  }));
  expect(advice(runs)[0]).toMatch(/asynchronously/);
});

test.each([
  [{ request_throughput: 4 }, { request_throughput: 3 }, /largest error is request_throughput.*\(-25\.0 %\).*pace/],
  [{ mean_e2el_ms: 1000 }, { mean_e2el_ms: 1400 }, /mean_e2el_ms of r, 1400 predicted, 1000 measured.*other lengths/],
  [{ p50_itl_ms: 30 }, { p50_itl_ms: 10 }, /p50_itl_ms.*speculative/],
  [{ p99_ttft_ms: 900 }, { p99_ttft_ms: 500 }, /p99_ttft_ms.*\(-44\.4 %\): a tail.*--burstiness/],
  [{ p50_tpot_ms: 12 }, { p50_tpot_ms: 10 }, /p50_tpot_ms.*half of the requests/],
  [{ p99_ttft_ms: 600 }, { p99_ttft_ms: 500 }, /p99_ttft_ms.*\(-16\.7 %\): nothing stands out/],
] as const)("%j, predicted %j: both means are close, and the largest error is named", (measured, predicted, said) => {
  const close = run(4, [10, 10.2], [50, 52]);
  const { mean_e2el_ms: _, request_throughput: __, ...metrics } = close.run.metrics;
  const sentences = advice([
    {
      ...close,
      run: { ...close.run, metrics: { ...metrics, ...measured } },
      predicted: { ...close.predicted, ...predicted },
    },
  ]);
  expect(sentences).toEqual([expect.stringMatching(said)]);
});

test("a throughput that latencies do not explain is named beside them", () => {
  const late = run(0.4, [10, 10], [90, 50]);
  const sentences = advice([
    {
      ...late,
      run: { ...late.run, metrics: { ...late.run.metrics, output_throughput: 100 } },
      predicted: { ...late.predicted, output_throughput: 140 },
    },
  ]);
  expect(sentences).toHaveLength(3);
  expect(sentences[0]).toMatch(/at 0\.4 sequences/);
  expect(sentences[1]).toMatch(/^The largest error is mean_ttft_ms .*: see above\.$/);
  expect(sentences[2]).toMatch(/^The largest of the others is output_throughput of r, 140 .*\(\+40\.0 %\)/);
});
