import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { scenarioOptions } from "../cli/flags.js";
import { replayRecorded } from "../cli/recorded.js";
import { resolve } from "../cli/resolve.js";
import { simulate } from "../cli/simulate.js";
import type { Policy } from "../policy/policy.js";
import { createPolicy, POLICIES } from "../policy/table.js";
import { replay } from "../replay/replay.js";
import { compareReport } from "../report/compare-report.js";
import { paretoFront } from "../report/pareto.js";
import { withQuality, type Judged, type Recorded } from "../report/recorded.js";
import { serveReport } from "../report/serve-report.js";
import { renderSvg } from "../report/svg.js";
import { compareTable, serveTable } from "../report/text-table.js";
import type { Outcome } from "../serve/outcome.js";
import { outcome } from "../serve/outcome-of.js";
import { chartFaults } from "./chart-faults.js";
import { randomTrace } from "./random-trace.js";

/** Both halves of a comparison, joined by the policies' names. */

const POLICY = "dense,quest:budget=64,streaming-llm:budget=32|64,h2o:budget=64,denseLayers=1,raas:budget=64";
let recorded: Recorded;
let outcomes: readonly Judged<Outcome>[];

beforeAll(async () => {
  const options = await scenarioOptions({
    model: "llama-3.1-8b",
    hardware: "h100-sxm",
    "input-len": 50,
    "output-len": 300,
    "request-rate": 4,
    "num-requests": 20,
    policy: POLICY,
  });
  const resolved = await resolve(options);
  const [dense, ...others] = resolved.policies as [Policy, ...Policy[]];
  const costly: Policy = { ...dense, name: "costly", label: "Costly" };
  delete (costly as { lanes?: unknown }).lanes;
  const seer: Policy = { ...dense, name: "seer", label: "Seer", lanes: { ...dense.lanes!, oracle: "step" } };
  const policies = [dense, ...others, seer];
  const trace = randomTrace(7, { promptTokens: 40, steps: 120, layers: 3 });
  recorded = { recording: "made-up", replay: replay(trace, policies, { layers: [1, 2] }) };
  outcomes = await Promise.all(
    [...policies, costly].map(async (policy) => {
      const { scenario, result } = await simulate(options, resolved, policy);
      return withQuality(outcome(scenario, result, "0"), recorded);
    }),
  );
});

test("qualities are those of the outcome's own policy", () => {
  expect(outcomes.map(({ quality }) => quality?.policy)).toEqual([
    ...outcomes.slice(0, -1).map(({ policy }) => policy),
    undefined, // not replayed
  ]);
  expect(outcomes[0]?.quality?.recall.mean).toBeCloseTo(1, 9);
});

test("a comparison has charts and tables of both halves, and says what the recording is of", async () => {
  const report = compareReport(outcomes, recorded);
  const names = report.charts.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(["trinity", "quality-throughput", "recall-budget", "summary"]));
  for (const chart of report.charts) {
    expect(chartFaults(chart.spec), chart.name).toEqual([]);
  }
  for (const chart of report.charts.slice(0, 3)) expect(await renderSvg(chart)).toContain("<svg");
  expect(report.tables.map(({ title }) => title).slice(0, 2)).toEqual(["Quality, time and memory", "Quality"]);
  const notes = report.notes.join("\n");
  expect(notes).toMatch(/the recording made-up, not of the model served.*layers 1, 2, 120 decode steps/);
  expect(notes).toMatch(/open loop/);
  expect(notes).toMatch(/recording is synthetic/);
  expect(notes).toMatch(/Seer: an oracle/);
  expect(notes).toMatch(/Costly: not replayed/);
  expect(notes).toMatch(/Quest 64: replayed layers that stay dense/);
  expect(notes).toMatch(/H2O 64.*: first layers that stay dense are not/);
  expect(report.data).toMatchObject({ replay: { recording: "made-up", layers: [1, 2] } });
  expect(JSON.stringify(report.data).split('"milestoneMisses"').length).toBeGreaterThan(outcomes.length);
});

test("the chart of quality and throughput draws every replayed policy, oracles off the front", () => {
  const rows = compareReport(outcomes, recorded).charts.find(({ name }) => name === "quality-throughput")
    ?.rows as readonly { policy: string; text: string; on_front: boolean; oracle: boolean }[];
  expect(rows.map(({ policy }) => policy)).toEqual(outcomes.slice(0, -1).map(({ label }) => label));
  expect(
    rows
      .map(({ text }) => text)
      .join(", ")
      .split(/(?:, )+/)
      .filter((name) => name !== "")
      .sort(),
  ).toEqual(rows.map(({ policy }) => policy).sort());
  expect(rows.some(({ on_front: front }) => front)).toBe(true);
  expect(rows.filter(({ oracle }) => oracle)).toMatchObject([{ policy: "Seer", on_front: false }]);
});

test("the terminal shows the same, a dash for what was not replayed", () => {
  const text = compareTable(outcomes, recorded);
  expect(text).toMatch(/^Dense +100 % +100 % +0 % /m);
  expect(text).toMatch(/^Costly +- +- +- /m);
  expect(text).toMatch(/^Recall of attention, worst step .*-$/m);
  expect(compareTable(outcomes)).not.toContain("Recall");
  const one = outcomes[1] as Judged<Outcome>;
  expect(serveTable(one, recorded)).toMatch(/^Recall of attention, mean +\d/m);
  expect(serveReport(one, recorded).data).toMatchObject({ quality: { policy: "quest:budget=64" }, replay: {} });
});

test("without a recording a report is as it was", () => {
  const names = compareReport(outcomes).charts.map(({ name }) => name);
  expect(names).not.toContain("trinity");
  expect(compareReport(outcomes).data).not.toHaveProperty("replay");
});

test("the Pareto front is what no other point beats", () => {
  const point = fc.tuple(fc.integer({ min: 0, max: 8 }), fc.integer({ min: 0, max: 8 }));
  fc.assert(
    fc.property(fc.array(point, { minLength: 1, maxLength: 30 }), (points) => {
      const front = new Set(paretoFront(points));
      expect(front.size).toBeGreaterThan(0);
      points.forEach(([x, y], i) => {
        const better = points.filter(([a, b]) => (a > x && b >= y) || (a >= x && b > y));
        expect(front.has(i)).toBe(better.length === 0);
      });
    }),
    { numRuns: 200, seed: 31 },
  );
});

test("a recording that is not there is refused before anything runs", async () => {
  await expect(replayRecorded("nothing", [createPolicy("dense", POLICIES.dense, {})], 0)).rejects.toThrow(
    /trace: "nothing" is not known; known are .*bakery-2.2k/,
  );
  await expect(replayRecorded("bakery-2.2k", [], 0)).rejects.toThrow(/no policy given can be replayed/);
});
