import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectedRequests, mixWorkload } from "../workload/client-mix.js";
import { mixInfo, type WeightedSpread } from "../workload/mix-statistics.js";
import { servegenClients } from "./servegen-folder.js";

let folder = "";
const write = (name: string, data: string | Uint8Array): void => writeFileSync(join(folder, name), data);
const DATASET = JSON.stringify({ "0": { input_tokens: "{3: 1.0}", output_tokens: "{4: 1.0}" } });

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "raas-sim-servegen-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

test("a folder: pairs of files, gzip or not, in the order of their numbers; others are left alone", () => {
  expect(servegenClients(folder)).toBeUndefined();
  expect(servegenClients(join(folder, "nothing"))).toBeUndefined();
  write("README.md", "notes");
  write("chunk-10-trace.csv", "0,1,1,Gamma,1,1\n");
  write("chunk-10-dataset.json", DATASET);
  write("chunk-2-trace.csv.gz", gzipSync("0,2,1,Weibull,1,1\n"));
  write("chunk-2-dataset.json.gz", gzipSync(DATASET));
  expect(servegenClients(folder)?.map(({ name, windows }) => [name, windows[0]?.rate])).toEqual([
    ["chunk-2", 2],
    ["chunk-10", 1],
  ]);
});

test("a trace without lengths, broken JSON, cut gzip: each has its message", () => {
  write("chunk-11-trace.csv", "0,1,1,Gamma,1,1\n");
  expect(() => servegenClients(folder)).toThrow(/chunk-11-trace\.csv: has no chunk-11-dataset\.json beside it$/);
  write("chunk-11-dataset.json", "{");
  expect(() => servegenClients(folder)).toThrow(/chunk-11-dataset\.json: is not JSON/);
  rmSync(join(folder, "chunk-11-dataset.json"));
  write("chunk-11-dataset.json.gz", gzipSync(DATASET).subarray(0, 20));
  expect(() => servegenClients(folder)).toThrow(/chunk-11-dataset\.json\.gz: is not complete gzip data/);
});

const R1 = fileURLToPath(new URL("../../../shared/traces/servegen-deepseek-r1", import.meta.url));
const present = existsSync(R1);
if (!present) console.log("skipped: the DeepSeek-R1 clients of ServeGen are not at hand");

test.runIf(present)("the DeepSeek-R1 clients: their published statistics, and what is drawn from them; seed 5", () => {
  const clients = servegenClients(R1) ?? [];
  expect(clients).toHaveLength(73);
  const day = clients.reduce((sum, { windows }) => sum + expectedRequests(windows, 0, 86_400), 0);
  expect(Math.round(day)).toBe(1_383_669);
  const { statistics } = mixInfo(clients);
  const whole = ({ mean, p5, p25, p50, p75, p90, p95, p99, max }: WeightedSpread): number[] =>
    [mean, p5, p25, p50, p75, p90, p95, p99, max].map(Math.round);
  expect(whole(statistics.promptTokens)).toEqual([1268, 13, 41, 208, 482, 2092, 6714, 23_423, 57_284]);
  expect(whole(statistics.outputTokens)).toEqual([1527, 225, 427, 792, 1499, 3432, 5701, 12_607, 32_768]);
  expect(statistics.reasoningShare?.mean).toBeCloseTo(0.702, 3);
  expect(statistics.reasoningShare?.p50).toBeCloseTo(0.764, 2);
  expect(statistics.requestsPerS.lowest).toBeCloseTo(4.31, 2);
  expect(statistics.requestsPerS.highest).toBeCloseTo(42.52, 2);
  expect(statistics.idleShare).toBeCloseTo(7401 / 10_512, 12);
  expect(statistics.busiestClients.map(({ share }) => Math.round(100 * share))).toEqual([29, 43, 52, 68]);
  // A tenth of the rate is enough for the day curve and the medians.
  const hours = new Float64Array(24);
  const prompts: number[] = [];
  const outputs: number[] = [];
  for (const r of mixWorkload(clients, { rateScale: 0.1, from: 0 }, "r1").requests(5)) {
    hours[Math.floor(r.arrival / 3600)]!++;
    prompts.push(r.promptTokens);
    outputs.push(r.outputTokens);
  }
  const curve = [
    19.3, 22.2, 32.6, 28.6, 17.0, 14.5, 12.0, 9.2, 9.5, 10.6, 13.0, 13.3, 7.2, 8.7, 11.0, 11.3, 14.1, 8.9, 12.0, 9.4,
    19.9, 26.0, 35.1, 18.9,
  ];
  hours.forEach((count, hour) => {
    expect(Math.abs(count / 360 / (curve[hour] as number) - 1)).toBeLessThan(0.12);
  });
  const quantile = (values: number[], q: number): number =>
    values.toSorted((a, b) => a - b)[Math.floor(q * values.length)] as number;
  for (const [values, q, expected] of [
    [prompts, 0.5, 208],
    [prompts, 0.75, 482],
    [outputs, 0.5, 792],
    [outputs, 0.9, 3432],
    [outputs, 0.99, 12_607],
  ] as const) {
    expect(Math.abs(quantile(values, q) / expected - 1)).toBeLessThan(0.05);
  }
});
