import { describe, expect, test } from "vitest";
import type { LatencyMetric, Metrics, Outcome } from "../serve/outcome.js";
import { chartFaults } from "../test/chart-faults.js";
import { commonCharts, serveReport } from "./serve-report.js";
import { compareReport } from "./compare-report.js";
import { renderHtml } from "./html.js";
import { renderPng } from "./png.js";
import type { Chart } from "./report.js";
import { readRuntime } from "./runtime.js";
import { renderSvg } from "./svg.js";
import { compareTable, serveTable, textTable } from "./text-table.js";
import { MAX_ROWS, thin } from "./thin.js";

const GIB = 2 ** 30;
const LATENCIES: readonly (readonly [LatencyMetric, number])[] = [
  ["ttft", 120],
  ["tpot", 14],
  ["itl", 12],
  ["e2el", 60_000],
];

function metricsOf(slow: number, pressed: boolean): Metrics {
  const metrics: Record<string, number | null> = {
    duration: 812.4,
    completed: 1024,
    failed: 0,
    truncated: 3,
    total_input_tokens: 402_113,
    total_output_tokens: 8_212_009,
    total_reasoning_tokens: 7_000_120,
    total_answer_tokens: 1_211_889,
    request_throughput: 1.26 / slow,
    request_goodput: null,
    output_throughput: 10_108 / slow,
    total_token_throughput: 10_603 / slow,
    peak_kv_share: Math.min(1, 0.22 * slow ** 2),
    preemptions: pressed ? 37 : 0,
    energy_j: 5.5e6,
    cost_usd: 2.34,
    cost_per_million_output_tokens_usd: 0.285 * slow,
  };
  for (const [metric, ms] of LATENCIES) {
    const values = { mean: 1.1, median: 1, std: 0.4, p50: 1, p90: 1.9, p95: 2.4, p99: 3.3 };
    for (const [name, factor] of Object.entries(values)) metrics[`${name}_${metric}_ms`] = ms * factor * slow;
  }
  return metrics;
}

/** Made up: no simulation, only the shape of one. `growth` of step time and memory with length, 0 for a flat policy. */
function outcome(label: string, growth: number, bins = 240): Outcome {
  const slow = 1 + growth;
  const wave = (i: number): number => Math.sin(i / 9) + Math.sin(i / 2.3) / 3;
  return {
    label,
    policy: label,
    version: "0.1.0",
    seed: 7,
    scenario: { model: "qwen2.5-math-7b", tp: 1, replicas: 2, policy: label, "request-rate": 1.3 },
    resolved: { model: { name: "Qwen2.5-Math-7B", source: "config.json" }, price_per_gpu_hour_usd: 2.5 },
    profile: { name: "h100-sxm", kind: "datasheet", sources: { peak: "</script><script>alert(1)</script>" } },
    metrics: metricsOf(slow, growth > 1),
    percentiles: { method: "exact", relative_error: 0 },
    saturation: {
      saturated: growth > 1,
      message: growth > 1 ? "SATURATED: the queue grows" : "the queue does not grow",
    },
    latency: LATENCIES.flatMap(([metric, ms]) =>
      Array.from({ length: 100 }, (_, i) => ({
        metric,
        share: (i + 1) / 100,
        ms: ms * slow * Math.exp(0.35 * Math.log((i + 1.5) / (100.5 - i))),
      })),
    ),
    series: Array.from({ length: bins }, (_, i) => ({
      requests_sent_per_s: 1,
      requests_ended_per_s: 1,
      time_s: (i * 812.4) / bins,
      output_tokens_per_s: (10_000 / slow) * Math.min(1, i / 20) * (1 + 0.06 * wave(i)),
      input_tokens_per_s: 500 * Math.max(0, 1 + 0.8 * wave(i * 3)),
      running: Math.min(200, i * 4) * (1 + 0.05 * wave(i)),
      waiting: growth > 1 ? i / 3 : Math.max(0, wave(i)),
      kv_used_share: Math.min(1, 0.2 * slow ** 2 * Math.min(1, i / 60)),
      preemptions: growth > 1 && i % 7 === 0 ? 1 : 0,
    })),
    operators: ["linear layers", "LM head and sampling", "decode attention", "prefill attention", "policy work"]
      .concat(["element-wise", "all-reduce", "host"])
      .map((operator, i) => ({ operator, seconds: 400 / (i + 1), share: 1 / (i + 1) / 2.7178 })),
    memory: {
      gpu_memory_bytes: 80 * GIB,
      weight_bytes: 14.2 * GIB,
      activation_bytes: 1.4 * GIB,
      non_torch_bytes: 0.8 * GIB,
      cuda_graph_bytes: 0.8 * GIB,
      context_bytes: 0.5 * GIB,
      kv_cache_bytes: 55.6 * GIB,
      free_bytes: 6.7 * GIB,
      num_gpu_blocks: 65_000,
      kv_cache_tokens: 1_040_000,
      block_tokens: 16,
      block_bytes: 917_504,
      layers_per_block: 28,
      kv_bytes_per_token: 57_344,
    },
    decodeCurve: Array.from({ length: 128 }, (_, i) => ({
      generated: (i + 1) * 128,
      step_ms: 6 + growth * i * 0.02,
      decode_s: (i + 1) * 0.128 * (6 + growth * i * 0.01),
      kv_bytes: 57_344 * (growth > 0 ? 300 + (i + 1) * 128 : 1024),
    })),
    notes: ["profile from a datasheet", `${label}: approximated`],
  };
}

const ALONE = outcome("raas(1024)", 0);
const SEVERAL = [outcome("dense", 1.4), outcome("quest(1024)", 0.3), ALONE, outcome("sliding window(4+1020)", 0.02)];
const CHARTS = [...serveReport(ALONE).charts, ...compareReport(SEVERAL).charts];

function freeze<T>(value: T): T {
  if (value !== null && typeof value === "object") Object.values(value).forEach(freeze);
  return Object.freeze(value);
}

describe("charts", () => {
  test("are valid against the Vega-Lite schema and compile without a warning", () => {
    for (const chart of CHARTS) expect(chartFaults(chart.spec), chart.name).toEqual([]);
    expect(chartFaults({ ...CHARTS[0]?.spec, data: 5 })).not.toEqual([]);
  });

  test("have unique names, captions and at most 10,000 rows", () => {
    const long = ["a", "b", "c"].map((label) => outcome(label, 1, 9000));
    for (const chart of [...CHARTS, ...commonCharts(long)]) {
      expect(chart.rows.length).toBeLessThanOrEqual(MAX_ROWS);
      expect(chart.rows.length).toBeGreaterThan(0);
      expect(chart.title.length * chart.caption.length).toBeGreaterThan(0);
    }
    const names = compareReport(SEVERAL).charts.map((chart) => chart.name);
    expect(new Set(names).size).toBe(names.length);
  });

  test("render the same twice and leave their input alone", async () => {
    for (const chart of freeze(CHARTS)) {
      const svg = await renderSvg(chart);
      expect(svg).toContain("<svg");
      expect(await renderSvg(chart)).toBe(svg);
    }
  });

  test("equal latencies get an axis with a label", async () => {
    const equal: Outcome = { ...ALONE, latency: [0.5, 1].map((share) => ({ metric: "itl", share, ms: 12 })) };
    expect(await renderSvg(serveReport(equal).charts[0] as Chart)).toContain("12 ms");
  });

  test("a latency of zero and an empty outcome are no obstacle", async () => {
    const empty: Outcome = { ...ALONE, latency: [], series: [], operators: [], decodeCurve: [], metrics: {} };
    for (const chart of [...serveReport(empty).charts, ...compareReport([empty, SEVERAL[0] as Outcome]).charts]) {
      expect(await renderSvg(chart)).toContain("<svg");
    }
    const zero: Outcome = { ...ALONE, latency: [{ metric: "ttft", share: 1, ms: 0 }] };
    expect(serveReport(zero).charts.map((chart) => chart.name)).not.toContain("latency");
  });
});

test("thinning keeps ends and spreads evenly", () => {
  const rows = Array.from({ length: 101 }, (_, i) => i);
  expect(thin(rows, 5)).toEqual([0, 25, 50, 75, 100]);
  expect(thin(rows, 101)).toBe(rows);
});

test("PNG has text", async () => {
  const png = await renderPng(await renderSvg(CHARTS[0] as Chart));
  expect([...png.subarray(1, 4)]).toEqual([0x50, 0x4e, 0x47]);
  await expect(renderPng("<svg xmlns='http://www.w3.org/2000/svg'/>", ["/no/such/font.ttf"])).rejects.toThrow(
    "no font",
  );
});

describe("page", () => {
  test("asks for nothing, runs no foreign script, shows warnings", async () => {
    const html = await renderHtml(compareReport(SEVERAL), readRuntime());
    const markup = html.replaceAll(/<script>[^]*?<\/script>/g, "");
    expect(markup).not.toMatch(/\b(src|href)\s*=\s*["']?(https?:)?\/\//i);
    expect(markup).not.toMatch(/url\(\s*["']?(https?:)?\/\//i);
    expect(html).not.toMatch(/<(link|iframe|object|embed|img)\b/i);
    expect(html).not.toContain("</script><script>alert(1)");
    expect(html).toContain("default-src 'none'");
    expect(html).not.toContain("unsafe-eval");
    expect(html).toContain("dense: SATURATED");
    // One data block, three scripts: nothing inside ends one early.
    expect(html.match(/<\/script/gi)).toHaveLength(4);
  });

  test("leaves the origin of numbers out where no table tells it", async () => {
    const report = compareReport(SEVERAL);
    const settings = report.tables.filter(({ columns }) => columns[0] === "Setting");
    expect(settings.length).toBeGreaterThan(0);
    expect(await renderHtml(report, readRuntime())).toContain('id="origin"');
    const without = { ...report, tables: report.tables.filter((each) => !settings.includes(each)) };
    expect(await renderHtml(without, readRuntime())).not.toContain("#origin");
  });

  test("carries all data and shows a part", async () => {
    const html = await renderHtml(compareReport(SEVERAL), readRuntime());
    const json = /id="report-data">([^]*?)<\/script>/.exec(html)?.[1] as string;
    const data = JSON.parse(json) as { data: unknown; charts: { name: string; rows: object[] }[] };
    expect(data.data).toEqual({ outcomes: SEVERAL });
    expect(data.charts.find((chart) => chart.name === "throughput")?.rows).toHaveLength(960);
    const shown = /id="throughput">[^]*?<\/details>/.exec(html)?.[0] as string;
    expect(shown.match(/<tr>/g)).toHaveLength(201);
    expect(await renderHtml(compareReport(SEVERAL), readRuntime())).toBe(html);
  });
});

describe("text tables", () => {
  test("plain text, aligned", () => {
    expect(
      textTable(
        [{ title: "a" }, { title: "bb", align: "right" }],
        [
          ["x", "1"],
          ["yyy", "22"],
        ],
      ),
    ).toBe(["a    bb", "───  ──", "x     1", "yyy  22"].join("\n"));
  });

  test("no escape codes, unknown is a dash, all policies", () => {
    const one = serveTable(ALONE);
    const all = compareTable(SEVERAL);
    expect(one + all).not.toContain("\u001b");
    expect(one).toMatch(/Requests within goals +-$/m);
    expect(one).toMatch(/First token \(TTFT\) +132 ms +120 ms +228 ms +396 ms$/m);
    for (const each of SEVERAL) expect(all).toContain(each.label);
    expect(all).toContain("! dense: SATURATED");
    expect(all.match(/profile from a datasheet/g)).toHaveLength(1);
  });

  test("where a measurement would lie has a table of its own, a median under its usual name", () => {
    const bands = {
      mean_ttft_ms: { interval: [110, 165], cases: 61, coverage: 0.968 },
      median_itl_ms: { interval: [11, 14], cases: 15, coverage: 0.875 },
    } as const;
    const table = serveTable({ ...ALONE, model_error_bands: bands });
    expect(table).toMatch(/First token \(TTFT\), mean +132 ms +110 ms to 165 ms +96\.8 % +61$/m);
    expect(table).toMatch(/\(ITL\), p50 +12\.0 ms +11\.0 ms to 14\.0 ms +87\.5 % +15$/m);
    expect(table).toContain("- Model error: where a measurement would lie");
    expect(serveTable(ALONE)).not.toContain("Model error");
  });

  test("half the width of an interval stands beside its figure; differences to the first, with what is not significant", () => {
    const confidence = { level: 0.95, method: "replications", replications: 8, seeds: [] } as const;
    const sure = {
      ...ALONE,
      confidence,
      confidence_intervals: { mean_ttft_ms: [122, 142], p50_ttft_ms: [120, 120] },
    } as const;
    expect(serveTable(sure)).toMatch(/First token \(TTFT\) +132 ms ± 10\.0 ms +120 ms +228 ms +396 ms$/m);
    const change = (relative: number, half: number) => ({
      change: relative * 14,
      interval: [(relative - half) * 14, (relative + half) * 14] as const,
      relative_change: relative,
      relative_interval: [relative - half, relative + half] as const,
      significant: Math.abs(relative) > half,
    });
    const changes = {
      mean_tpot_ms: change(-0.31, 0.02),
      mean_e2el_ms: change(0.004, 0.0123),
      p99_e2el_ms: change(0, 0),
    };
    const other = { ...sure, label: "other", difference: { baseline: ALONE.label, changes } };
    const table = compareTable([sure, other]);
    expect(table).toMatch(/^Difference to .+ +other$/m);
    expect(table).toMatch(/TPOT\), mean +-31\.0 % ± 2\.00$/m);
    expect(table).toMatch(/E2E\), mean +\+0\.40 % ± 1\.23, n\.s\.$/m);
    expect(table).toMatch(/E2E\), p99 +0 %$/m);
    expect(table).toMatch(/TTFT\), mean +-$/m);
    expect(table).toContain("means over 8 pairs of runs over the same requests");
    expect(compareReport([sure, other]).tables.map(({ title }) => title)).toContain(`Difference to ${ALONE.label}`);
  });
});
