import fc from "fast-check";
import { expect, test } from "vitest";
import { chartFaults } from "../test/chart-faults.js";
import { LOG_SAMPLES } from "../test/log-samples.js";
import { logReport } from "../report/workload-report.js";
import { LengthBins } from "./length-bins.js";
import { binSeconds, logCurves } from "./log-curves.js";
import { logStatistics } from "./log-statistics.js";
import { parseRequestLog } from "./request-log.js";

const parsed = (text: string): ReturnType<typeof parseRequestLog> => parseRequestLog(Buffer.from(text), "log");
const ORIGIN = { version: "0", file: "log" };

test("bins hold every length once, in whole tokens; the last share below is 1; seed 8", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 10_000_000 }), { minLength: 1, maxLength: 60 }), (lengths) => {
      const histogram = new LengthBins("x");
      for (const length of lengths) histogram.add(length, 1);
      const bins = histogram.bins();
      for (const { from_tokens: from, to_tokens: to, share, share_below: below } of bins) {
        expect(share * lengths.length).toBeCloseTo(lengths.filter((each) => each >= from && each < to).length, 9);
        expect(below * lengths.length).toBeCloseTo(lengths.filter((each) => each < to).length, 9);
      }
      expect(bins.at(-1)?.share_below).toBeCloseTo(1, 12);
      bins.slice(1).forEach((bin, i) => expect(bin.from_tokens).toBe(bins[i]?.to_tokens));
    }),
    { numRuns: 100, seed: 8 },
  );
});

test("bins of time: at most 300, and the next smaller round number would make more", () => {
  for (const span of [0.2, 300, 301, 3599, 86_400, 604_603, 1e7, 1e8]) {
    const bin = binSeconds(span);
    expect(span / bin).toBeLessThanOrEqual(300);
    if (bin > 1 && bin < 86_400) expect(binSeconds(bin * 300)).toBe(bin);
  }
});

test("by hand: rates, tokens, hits and gaps", () => {
  const rows = [
    { timestamp: 0, input_length: 1000, output_length: 5, hash_ids: [1, 2] },
    { timestamp: 500, input_length: 1000, output_length: 7, hash_ids: [1, 3] },
    { timestamp: 2000, input_length: 1024, output_length: 9, hash_ids: [1, 3] },
  ];
  const { arrivals, binS, gaps } = logCurves(parsed(rows.map((row) => JSON.stringify(row)).join("\n")));
  expect(binS).toBe(1);
  expect(arrivals).toEqual([
    { time_s: 0, requests_per_s: 2, prompt_tokens_per_s: 2000, output_tokens_per_s: 12, hit_rate: 512 / 2000 },
    { time_s: 1, requests_per_s: 0, prompt_tokens_per_s: 0, output_tokens_per_s: 0, hit_rate: null },
    { time_s: 2, requests_per_s: 1, prompt_tokens_per_s: 1024, output_tokens_per_s: 9, hit_rate: 1 },
  ]);
  const recorded = gaps.filter(({ what }) => what === "Recorded");
  expect(recorded.filter(({ share }) => share <= 0.5).every(({ value }) => value === 0.5)).toBe(true);
  expect(recorded.filter(({ share }) => share > 0.5).every(({ value }) => value === 1.5)).toBe(true);
  expect(gaps.find(({ what, share }) => what === "Poisson" && share === 0.5)?.value).toBeCloseTo(Math.LN2, 12); // mean 1 s
});

test("every format's charts are sound, and so are those of a log with one row and without any spread", () => {
  const one = "arrival_s,prompt_tokens,output_tokens,session\n3,1,1,a\n";
  const same = `${one}3,1,1,a\n`;
  for (const text of [...LOG_SAMPLES.map((sample) => sample.text), one, same]) {
    const log = parsed(text);
    const { charts } = logReport(logStatistics(log), logCurves(log), ORIGIN);
    for (const { spec, rows, name } of charts) {
      expect(chartFaults(spec), `${log.format} ${name}`).toEqual([]);
      expect(rows.length).toBeGreaterThan(0);
    }
  }
});
