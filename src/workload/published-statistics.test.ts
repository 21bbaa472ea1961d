import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { LogImport } from "./log-import.js";
import { logStatistics, type LogStatistics, type Spread } from "./log-statistics.js";
import { parseRequestLog } from "./request-log.js";
import { unpacked } from "./unpack.js";

/** Every log of ../shared/traces against the statistics that stand beside it. Optional: needs that folder. */

const TRACES = new URL("../../../shared/traces/", import.meta.url);
const present = existsSync(TRACES);
if (!present) console.log("skipped: the collection of public traces is not at hand");

const statistics = (file: string, cacheBlocks: readonly number[] = []): LogStatistics => {
  const bytes = readFileSync(new URL(file, TRACES));
  return logStatistics(parseRequestLog(bytes, file), cacheBlocks);
};

/** The columns of a README's row: n, mean, sd, p5, p25, p50, p75, p90, p95, p99, max, as they are printed. */
function published(file: string, field: string): readonly string[] {
  const text = readFileSync(new URL(`${file.split("/")[0]}/README.md`, TRACES), "utf8");
  const row = text.split("\n").find((line) => line.startsWith(`| ${field} |`));
  return (row ?? "")
    .split("|")
    .slice(2, -1)
    .map((cell) => cell.trim());
}

function equal(found: Spread, cells: readonly string[]): void {
  const { n, mean, sd, p5, p25, p50, p75, p90, p95, p99, max } = found;
  const values = [n, mean, sd, p5, p25, p50, p75, p90, p95, p99, max];
  expect(cells.length).toBe(values.length);
  for (const [i, cell] of cells.entries()) {
    const decimals = cell.split(".")[1]?.length ?? 0;
    // Half a unit of the last digit printed; sd over n - 1 is not told from sd over n where it is less than that or 0.1 %.
    const tolerance = i === 2 ? Math.max(0.51 * 10 ** -decimals, Number(cell) * 0.03) : 0.51 * 10 ** -decimals;
    expect(Math.abs((values[i] as number) - Number(cell)), `column ${i}: ${values[i]} for ${cell}`).toBeLessThanOrEqual(
      tolerance,
    );
  }
}

const AZURE = "azure-llm-2023-conv/AzureLLMInferenceTrace_conv.csv";
const LENGTHS: readonly (readonly [file: string, format: string, prompt: string, output: string])[] = [
  [AZURE, "azure", "ContextTokens", "GeneratedTokens"],
  ["burstgpt-1-slice/BurstGPT_1_first400.csv", "burstgpt", "Request tokens", "Response tokens"],
  ["mooncake-conversation/conversation_trace.jsonl.gz", "mooncake", "input_length", "output_length"],
  ["ragpulse/0_trace.jsonl.gz", "ragpulse", "input_length", "output_length"],
  ["tracelab-sample/round_trace.jsonl", "tracelab", "input_tokens_total", "output_tokens"],
  ["vidur-processed/splitwise_conv.csv", "vidur", "splitwise_conv prefill", "splitwise_conv decode"],
  [
    "vidur-processed/arxiv_summarization_stats_llama2_tokenizer_filtered_v2.csv.gz",
    "vidur",
    "arxiv prefill",
    "arxiv decode",
  ],
  [
    "vidur-processed/sharegpt_8k_filtered_stats_llama2_tokenizer.csv.gz",
    "vidur",
    "sharegpt prefill",
    "sharegpt decode",
  ],
];

test.runIf(present).each(LENGTHS)("%s", (file, format, prompt, output) => {
  const found = statistics(file);
  expect(found.format).toBe(format);
  equal(found.promptTokens, published(file, prompt));
  equal(found.outputTokens, published(file, output));
});

test.runIf(present)("arrivals, failed calls, sessions, prefixes", () => {
  const azure = statistics(AZURE);
  expect(azure.arrivals?.requestsPerS).toBeCloseTo(5.53, 2);
  expect(azure.arrivals?.gapCv).toBeCloseTo(1.09, 2);
  expect(azure.arrivals?.gapS.p99).toBeCloseTo(0.89, 3);
  expect(azure.arrivals?.requestsByHour.findIndex((count) => count > 0)).toBe(18); // from 18:15
  expect(statistics("vidur-processed/splitwise_conv.csv").arrivals?.gapS.p50).toBeCloseTo(0.118, 3);

  const burst = statistics("burstgpt-1-slice/BurstGPT_1_first400.csv");
  expect(burst.failed).toBe(17);

  const sizes = [1000, 5000, 10_000, 20_000, 50_000, 100_000];
  const mooncake = statistics("mooncake-conversation/conversation_trace.jsonl.gz", sizes);
  expect(mooncake.arrivals?.gapCv).toBeCloseTo(3.03, 2);
  expect(mooncake.arrivals?.zeroGapShare).toBeCloseTo(0.902, 3);
  expect(mooncake.prefix).toMatchObject({ blockTokens: 512, references: 288_500, distinct: 182_790 });
  expect(mooncake.prefix?.tokenHitRate).toBeCloseTo(0.3736, 4);
  expect(mooncake.prefix?.blockHitRate).toBeCloseTo(0.3664, 4);
  const caches = [
    [1000, 0.0454, 0.0445],
    [5000, 0.1125, 0.1104],
    [10_000, 0.2153, 0.2112],
    [20_000, 0.2931, 0.2875],
    [50_000, 0.3615, 0.3546],
    [100_000, 0.3708, 0.3637],
  ] as const;
  expect(mooncake.prefix?.limited).toEqual(
    caches.map(([cacheBlocks, tokens, blocks]) => ({
      cacheBlocks,
      tokenHitRate: expect.closeTo(tokens, 4) as number,
      blockHitRate: expect.closeTo(blocks, 4) as number,
    })),
  );

  const rag = statistics("ragpulse/0_trace.jsonl.gz");
  expect(rag.arrivals?.gapCv).toBeCloseTo(3.06, 2);
  expect(rag.arrivals?.requestsByHour).toEqual([
    320, 107, 66, 25, 20, 22, 35, 108, 231, 311, 445, 453, 382, 423, 479, 485, 446, 379, 435, 461, 376, 374, 398, 325,
  ]);
  expect(rag.sessions).toMatchObject({ sessions: 3990, turns: { p50: 1, p90: 3, p99: 8, max: 25 } });
  expect(rag.sessions?.singleShare).toBeCloseTo(0.588, 3);
  expect(rag.sessions?.turnGapS).toMatchObject({ p50: 40, p75: 89, p90: 300.5 });
  expect(rag.prefix?.tokenHitRate).toBeNull();
  expect(rag.notes).toContain("The rows were not in order of arrival and were sorted.");
});

test.runIf(present)("coding agents: 120 files, one log", () => {
  const folder = new URL("agent-sessions-kvct/traces/", TRACES);
  const log = new LogImport();
  for (const name of readdirSync(folder)) {
    log.open(name);
    log.push(unpacked(readFileSync(new URL(name, folder)), name));
    log.close();
  }
  const found = logStatistics(log.finish("traces"));
  // The README counts ten calls without an output too: 4,066,099 prompt tokens. Sub-agents: 32 of the sessions.
  expect([found.requests, found.failed, found.sessions?.sessions]).toEqual([8975, 10, 152]);
  const readme = "agent-sessions-kvct/README.md";
  const [all = "", meanPrompt = ""] = published(readme, "in");
  const [, meanOutput = ""] = published(readme, "out");
  const { promptTokens, outputTokens } = found;
  expect((promptTokens.mean * promptTokens.n + 4_066_099) / Number(all)).toBeCloseTo(Number(meanPrompt), -0.4);
  expect((outputTokens.mean * outputTokens.n) / Number(all)).toBeCloseTo(Number(meanOutput), 1);
  expect([promptTokens.max, outputTokens.max]).toEqual([880_502, 15_390]);
  expect(found.sessions?.thinkS?.p50).toBe(11);
  expect(found.prefix?.blockTokens).toBe(64);
  expect(found.prefix?.tokenHitRate).toBeCloseTo(0.961, 3);
});
