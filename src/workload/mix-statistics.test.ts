import { expect, test } from "vitest";
import { chartFaults } from "../test/chart-faults.js";
import { mixReport } from "../report/workload-report.js";
import { mixInfo } from "./mix-statistics.js";
import { parseServegenDataset, parseServegenTrace, type ServegenClient } from "./servegen.js";

function client(name: string, trace: string, dataset: object): ServegenClient {
  return { name, windows: parseServegenTrace(trace, name), lengths: parseServegenDataset(dataset, name) };
}

/** 1,200 requests of 100 tokens in the first 10 minutes, none in the next; 300 and 300 of 1 to 3 tokens. */
const CLIENTS = [
  client("a", "0,2,2,Gamma,0.25,2\n600,0,0,,0,0\n", {
    "0": { input_tokens: "{100: 1}", output_tokens: "{10: 1}", reason_ratio: "{0.5: 1}" },
  }),
  client("b", "0,0.5,1,Weibull,1,2\n600,0.5,1,Weibull,1,2\n", {
    "0": { input_tokens: "{1: 0.5, 3: 0.5}", output_tokens: "{20: 1}", reason_ratio: "{0.9: 1}" },
  }),
];

test("by hand: requests, rates, clients, weighted lengths", () => {
  const { statistics, rates, lengths, reasoningShares } = mixInfo(CLIENTS);
  expect(statistics).toMatchObject({
    clients: 2,
    spanS: 1200,
    requests: 1800,
    requestsPerS: { mean: 1.5, lowest: 0.5, highest: 2.5 },
    idleShare: 0.25,
    promptTokens: { p5: 1, p25: 3, p50: 100, max: 100 },
    busiestClients: [{ clients: 1, share: 2 / 3 }],
  });
  expect(statistics.promptTokens.mean).toBeCloseTo((1200 * 100 + 600 * 2) / 1800, 9);
  expect(statistics.outputTokens.mean).toBeCloseTo((1200 * 10 + 600 * 20) / 1800, 9);
  expect(statistics.gapCv.p50).toBe(2);
  expect(statistics.gapCv.p5).toBeCloseTo(1, 12);
  expect(statistics.requestsByHour[0]).toBeCloseTo(1800, 9);
  expect(rates.filter(({ client }) => client === "a").map((rate) => rate.requests_per_s)).toContain(2);
  expect(rates.reduce((sum, rate) => sum + rate.requests_per_s * 5, 0)).toBeCloseTo(1800, 6); // bins of 5 s
  expect(
    lengths
      .filter(({ part }) => part === "Prompt")
      .map(({ share }) => share)
      .filter((share) => share > 0),
  ).toHaveLength(3);
  expect(reasoningShares.find(({ from_share }) => from_share === 0.5)?.share).toBeCloseTo(2 / 3, 12);
});

test("its charts are sound, one client or several, with and without reasoning", () => {
  const plain = client("c", "0,1,1,Gamma,1,1\n", { "0": { input_tokens: "{5: 1}", output_tokens: "{6: 1}" } });
  for (const clients of [CLIENTS, [plain]]) {
    const { charts } = mixReport(mixInfo(clients), { version: "0", file: "folder" });
    for (const { spec, name } of charts) expect(chartFaults(spec), name).toEqual([]);
  }
  expect(mixInfo([plain]).statistics.reasoningShare).toBeNull();
});
