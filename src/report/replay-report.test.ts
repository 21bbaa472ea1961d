import { decode } from "fast-png";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createPolicy, POLICIES, type PolicyName } from "../policy/table.js";
import { attentionMap } from "../replay/attention-map.js";
import type { PolicyQuality, ReplayResult } from "../replay/quality.js";
import { replay } from "../replay/replay.js";
import { chartFaults } from "../test/chart-faults.js";
import { randomTrace } from "../test/random-trace.js";
import { stepBins } from "./charts/budget-panels.js";
import { recallBudgetChart } from "./charts/recall-budget.js";
import { memberOf } from "./charts/replay-series.js";
import { retentionChart } from "./charts/retention.js";
import { renderHtml } from "./html.js";
import type { Chart } from "./report.js";
import { replayReport } from "./replay-report.js";
import { readRuntime } from "./runtime.js";
import { renderSvg } from "./svg.js";
import { MAX_ROWS } from "./thin.js";

const policy = (name: PolicyName, values = {}): ReturnType<typeof createPolicy> =>
  createPolicy(name, POLICIES[name], values);
const TRACE = randomTrace(4, { promptTokens: 20, steps: 120, layers: 2 });
const SETTINGS = { theta: 0.03 };
const SEVERAL = [
  policy("dense"),
  ...[32, 64].flatMap((budget) => [
    policy("raas", { budget }),
    policy("quest", { budget, denseLayers: 0 }),
    policy("streaming-llm", { budget }),
    policy("oracle-topk", { budget }),
  ]),
];
const RESULT = replay(TRACE, SEVERAL, SETTINGS);
const MAP = attentionMap(TRACE, SEVERAL.slice(0, 4), { layer: 1, head: 0 }, { ...SETTINGS, cells: 40 });
const PROVENANCE = { recording: "random <numbers>", version: "0.1.0", notes: ["of the test"] };
const REPORT = replayReport(RESULT, [MAP], PROVENANCE);
const ALONE = replayReport(
  replay(TRACE, [policy("dense")], { layers: [0], heads: [1], fromStep: 119 }),
  [],
  PROVENANCE,
);

function freeze<T>(value: T): T {
  if (value !== null && typeof value === "object") Object.values(value).forEach(freeze);
  return Object.freeze(value);
}

/** The first policy many times over, each time with another budget. */
function many(count: number, steps: number): ReplayResult {
  const first = RESULT.policies[1] as PolicyQuality;
  const series = Array.from({ length: steps }, (_, i) => i % 7);
  const measured: PolicyQuality["steps"] = {
    recall: series,
    topKRecall: series,
    heldTokens: series,
    readTokens: series,
    milestoneMisses: series,
    phoenixMisses: series,
  };
  const policies = Array.from({ length: count }, (_, i) => ({
    ...first,
    label: `RaaS ${i + 2}`,
    parameters: { budget: i + 2 },
    steps: measured,
  }));
  return { ...RESULT, settings: { ...RESULT.settings, fromStep: 0, toStep: steps }, policies };
}

describe("charts of a replay", () => {
  test("are valid against the Vega-Lite schema and compile without a warning", () => {
    for (const chart of [...REPORT.charts, ...ALONE.charts]) expect(chartFaults(chart.spec), chart.name).toEqual([]);
  });

  test("have unique names, captions and at most 10,000 rows, however many policies there are", () => {
    for (const { charts } of [
      REPORT,
      ALONE,
      replayReport(many(30, 9000), [MAP], PROVENANCE),
      replayReport(many(1000, 300), [], PROVENANCE),
    ]) {
      for (const { name, title, caption, rows } of charts) {
        expect(rows.length, name).toBeLessThanOrEqual(MAX_ROWS);
        expect(rows.length, name).toBeGreaterThan(0);
        expect(title.length * caption.length).toBeGreaterThan(0);
      }
      expect(new Set(charts.map(({ name }) => name)).size).toBe(charts.length);
    }
    expect(REPORT.charts.map(({ name }) => name)).toEqual([
      "attention-1-0",
      "retention-1-0",
      "recall-budget",
      "recall-steps",
      "held-tokens",
      "misses",
      "heads",
    ]);
  });

  test("render the same twice and leave their input alone", async () => {
    freeze(RESULT);
    freeze(MAP);
    for (const chart of [...freeze(replayReport(RESULT, [MAP], PROVENANCE)).charts, ...ALONE.charts]) {
      const svg = await renderSvg(chart);
      expect(svg).toContain("<svg");
      expect(svg.replaceAll(/base64,[^"]*/g, "")).not.toMatch(/NaN|undefined/);
      expect(await renderSvg(chart)).toBe(svg);
    }
  });
});

describe("a retention map", () => {
  const states = retentionChart(MAP).rows as readonly { policy: string; state: string; pairs: number; share: number }[];

  test("has each pair in one state", () => {
    const pairs = MAP.pairs.flat().reduce((sum, count) => sum + count, 0);
    for (const { label } of MAP.policies) {
      const of = states.filter((row) => row.policy === label);
      expect(of.reduce((sum, row) => sum + row.pairs, 0)).toBe(pairs);
      expect(of.reduce((sum, row) => sum + row.share, 0)).toBeCloseTo(1, 12);
      expect(Math.min(...of.map((row) => row.pairs))).toBeGreaterThanOrEqual(0);
    }
  });

  test("paints losses over all else, nothing beyond the newest token", () => {
    const spec = retentionChart(MAP).spec as { concat: { layer: { mark: { url: string } }[] }[] };
    let losses = 0;
    for (const [i, { missed, overlooked }] of MAP.policies.entries()) {
      const url = spec.concat[i]?.layer[0]?.mark.url as string;
      const { width, height, data } = decode(Buffer.from(url.replace("data:image/png;base64,", ""), "base64"));
      expect([height, width]).toEqual([MAP.attention.length, MAP.attention.at(-1)?.length]);
      for (let row = 0; row < height; row++) {
        for (let column = 0; column < width; column++) {
          const [red, green, blue, alpha] = data.subarray((row * width + column) * 4);
          const inside = column < (MAP.attention[row]?.length as number);
          if (alpha !== (inside ? 255 : 0)) expect.fail(`${row}, ${column} is ${inside ? "not" : ""} painted`);
          const color = ((red as number) << 16) | ((green as number) << 8) | (blue as number);
          const isMissed = (missed[row]?.[column] ?? 0) > 0;
          const isOverlooked = !isMissed && (overlooked[row]?.[column] ?? 0) > 0;
          if (isMissed || isOverlooked) losses++;
          else if ((MAP.attention[row]?.[column] ?? 0) >= MAP.theta && !((blue as number) > (red as number) + 30)) {
            expect.fail(`${row}, ${column} was read and is #${color.toString(16)}`);
          }
          if ((color === 0xd55e00) !== isMissed || (color === 0xe69f00) !== isOverlooked) {
            expect.fail(`${row}, ${column} is #${color.toString(16)}`);
          }
        }
      }
    }
    expect(losses).toBeGreaterThan(100);
  });
});

describe("recall against budget", () => {
  test("one budget is no line: only recall against what is read is drawn, and said", () => {
    const panels = ({ spec }: Chart): number => (spec as { concat: readonly object[] }).concat.length;
    const all = recallBudgetChart(RESULT.policies);
    expect([all.title, panels(all)]).toEqual(["Recall against budget", 4]);
    expect(all.caption).toContain("Oracles");
    const one = recallBudgetChart(RESULT.policies.filter(({ label }) => /^(Dense|RaaS 32)$/.test(label)));
    expect(one.rows).toHaveLength(2);
    expect([one.title, panels(one)]).toEqual(["Recall against tokens read", 1]);
    expect(one.caption).not.toMatch(/last panel|Oracles/);
  });

  test("joins what differs in the budget alone, and says who is an oracle", () => {
    const chart = recallBudgetChart(RESULT.policies);
    const rows = chart.rows as readonly { series: string; budget: number | null; oracle: string | null }[];
    const of = (series: string): unknown[] => rows.filter((row) => row.series === series);
    expect(new Set(rows.map(({ series }) => series))).toEqual(
      new Set(["Dense", "RaaS", "Quest (denseLayers=0)", "StreamingLLM", "Oracle top-k"]),
    );
    expect(of("Dense")).toMatchObject([{ budget: null, oracle: null }]);
    expect(of("Oracle top-k")).toMatchObject([
      { budget: 32, oracle: "step" },
      { budget: 64, oracle: "step" },
    ]);
  });

  test("reads series and budget off labels", () => {
    const member = (label: string, parameters: PolicyQuality["parameters"], oracle?: "future"): unknown =>
      memberOf({ ...(RESULT.policies[0] as PolicyQuality), label, parameters, ...(oracle && { oracle }) });
    expect(member("H2O 64 (recentFraction=0.25)", { budget: 64, recentFraction: 0.25 })).toEqual({
      series: "H2O (recentFraction=0.25)",
      budget: 64,
    });
    expect(member("Twilight 0.85", { p: 0.85, budget: 8192 })).toEqual({ series: "Twilight 0.85", budget: null });
    expect(member("InfLLM 6272", { blocks: 16 })).toEqual({ series: "InfLLM 6272", budget: null });
    expect(member("Clairvoyant 64", { budget: 64 }, "future")).toEqual({ series: "Clairvoyant (oracle)", budget: 64 });
  });
});

test("bins of steps are of equal size within one and lose nothing", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 1 }),
      fc.nat(50),
      fc.integer({ min: 1, max: 30 }),
      (values, from, most) => {
        const bins = stepBins(values, from, most);
        const sizes = bins.map(({ step }, i) => (bins[i + 1]?.step ?? from + values.length) - step);
        expect(bins.length).toBe(Math.min(most, values.length));
        expect(bins[0]?.step).toBe(from);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        const sum = bins.reduce((all, { mean }, i) => all + mean * (sizes[i] as number), 0);
        expect(sum).toBeCloseTo(
          values.reduce((all, value) => all + value, 0),
          6,
        );
      },
    ),
  );
});

describe("the report", () => {
  test("says what a reader must know", () => {
    const notes = REPORT.notes.join("\n");
    expect(notes).toContain("open loop");
    expect(notes).toContain("Oracle top-k 32 is an oracle");
    expect(notes).toContain("of the test");
    expect(REPORT.warnings.join()).toContain("synthetic");
    const real = replayReport({ ...RESULT, trace: { ...RESULT.trace, synthetic: false } }, [], PROVENANCE);
    expect(real.warnings).toEqual([]);
  });

  test("has a row for each policy, by layer if there are several, and the origin of every number", () => {
    expect(REPORT.tables.map(({ title }) => title)).toEqual([
      "Policy",
      "Mean recall by layer",
      "Recording",
      "Replay",
      "Policies",
    ]);
    expect(ALONE.tables.map(({ title }) => title)).not.toContain("Mean recall by layer");
    for (const { columns, rows } of REPORT.tables) {
      for (const row of rows) expect(row.length).toBe(columns.length);
    }
    expect(REPORT.tables[0]?.rows.map(([name]) => name)).toEqual(SEVERAL.map(({ label }) => label));
  });

  test("is a page that carries pictures and cells and asks for nothing", async () => {
    const html = await renderHtml(REPORT, readRuntime());
    expect(html).not.toContain("<numbers>");
    const json = /id="report-data">([^]*?)<\/script>/.exec(html)?.[1] as string;
    const data = JSON.parse(json) as { data: { maps: { pairs: number[][] }[] }; charts: { vega: object }[] };
    expect(data.data.maps[0]?.pairs).toEqual(MAP.pairs);
    expect(JSON.stringify(data.charts.map(({ vega }) => vega)).match(/data:image\/png/g)).toHaveLength(5);
    expect(JSON.stringify(data.charts)).not.toMatch(/https?:\/\/(?!vega\.github\.io\/schema)/);
  });
});
