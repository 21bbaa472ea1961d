import { readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { parseDefinition, type WorkloadDefinition } from "./definition.js";
import { GENERATED_LOG, generatedLog } from "../test/generated-log.js";
import { definitionWorkload } from "./generate.js";
import { parseRequestLog } from "./request-log.js";

const FOLDER = new URL("../../workloads/", import.meta.url);
const N = 100_000;

function builtIn(name: string): WorkloadDefinition {
  return parseDefinition(JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), "utf8")), `${name}.json`);
}

interface Figures {
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
}

function figures(values: Float64Array): Figures {
  const sorted = values.slice().sort();
  const at = (share: number): number => sorted[Math.floor(share * sorted.length)] as number;
  return { mean: values.reduce((a, b) => a + b, 0) / values.length, p50: at(0.5), p99: at(0.99) };
}

interface Sample {
  readonly prompt: Figures;
  readonly output: Figures;
  readonly reasoning: Figures;
  readonly answer: Figures;
  readonly meanShare: number; // of requests
  readonly truncated: number; // share of requests at the output limit
  readonly longestPrompt: number;
}

function sample(name: string): Sample {
  const workload = definitionWorkload(builtIn(name), { numRequests: N });
  const prompt = new Float64Array(N);
  const output = new Float64Array(N);
  const reasoning = new Float64Array(N);
  const answer = new Float64Array(N);
  let shares = 0;
  let truncated = 0;
  for (const request of workload.requests(7)) {
    prompt[request.id] = request.promptTokens;
    output[request.id] = request.outputTokens;
    reasoning[request.id] = request.reasoningTokens;
    answer[request.id] = request.outputTokens - request.reasoningTokens;
    shares += request.reasoningTokens / request.outputTokens;
    if (request.outputTokens === workload.outputLimit) truncated++;
  }
  return {
    prompt: figures(prompt),
    output: figures(output),
    reasoning: figures(reasoning),
    answer: figures(answer),
    meanShare: shares / N,
    truncated: truncated / N,
    longestPrompt: prompt.reduce((a, b) => Math.max(a, b), 0),
  };
}

function near(value: number, expected: number, tolerance: number): void {
  expect(Math.abs(value / expected - 1), `${value} against ${expected}`).toBeLessThan(tolerance);
}

describe("built-in definitions against the data they were fitted to", () => {
  test("reasoning-production: outputs and shares of ServeGen's DeepSeek-R1", () => {
    const { prompt, output, meanShare, reasoning, truncated, longestPrompt } = sample("reasoning-production");
    near(output.mean, 1527, 0.03);
    near(output.p50, 792, 0.03);
    near(output.p99, 12_607, 0.03);
    near(meanShare, 0.702, 0.01);
    near(reasoning.mean / output.mean, 0.702, 0.02); // independent of the length, unlike the .745 of the data
    near(prompt.p50, 208, 0.15);
    near(prompt.mean, 903, 0.03); // what the notes of the file say, below the 1,268 of the data
    expect(longestPrompt).toBeLessThanOrEqual(57_284);
    expect(truncated).toBeGreaterThan(0);
    expect(truncated).toBeLessThan(0.002);
  });

  test("reasoning-benchmark: reasoning, answers and outputs of MLPerf", () => {
    const { output, reasoning, answer, meanShare, truncated } = sample("reasoning-benchmark");
    near(output.mean, 3592, 0.1);
    near(output.p50, 1825, 0.02);
    expect(output.p99).toBe(20_000);
    near(reasoning.mean, 3002, 0.02);
    near(reasoning.p50, 1468, 0.03);
    near(answer.mean, 315, 0.03);
    near(answer.p50, 276, 0.06);
    near(answer.p99, 819, 0.03);
    near(meanShare, 0.832, 0.05);
    near(truncated, 0.011, 0.1);
  });

  test("reasoning-hard: median and width of GPQA, heavier above as its notes say", () => {
    const { output, meanShare, truncated, prompt } = sample("reasoning-hard");
    near(output.p50, 11_286, 0.02);
    near(output.mean, 13_500, 0.02);
    near(truncated, 0.063, 0.05);
    near(meanShare, 0.9, 0.001);
    near(prompt.mean, 250, 0.02);
  });

  test("chat: Azure's conversation", () => {
    const { prompt, output, reasoning } = sample("chat");
    near(prompt.mean, 1155, 0.03);
    near(output.mean, 211, 0.02);
    near(output.p50, 129, 0.17); // KS 0.057
    expect(reasoning.mean).toBe(0);
  });

  test("every JSON file is a definition of its own name", () => {
    const files = readdirSync(FOLDER).filter((file) => file.endsWith(".json"));
    for (const file of files) expect(`${builtIn(file.replace(".json", "")).name}.json`).toBe(file);
    expect(files.length).toBeGreaterThanOrEqual(4);
  });
});

describe("the generated log", () => {
  const bytes = readFileSync(new URL("generated-reasoning-production.csv.gz", FOLDER));

  test("is what its definition and seed give", () => {
    expect(generatedLog(builtIn("reasoning-production"))).toBe(gunzipSync(bytes).toString("utf8"));
  });

  test("is read back as drawn", () => {
    const log = parseRequestLog(bytes, "log");
    expect([log.format, log.length, log.notes]).toEqual(["raas-sim", GENERATED_LOG.numRequests, []]);
    let row = 0;
    const workload = definitionWorkload(builtIn("reasoning-production"), GENERATED_LOG);
    for (const request of workload.requests(GENERATED_LOG.seed)) {
      expect(log.arrival[row]).toBeCloseTo(request.arrival, 5);
      expect(log.outputTokens[row]).toBe(request.outputTokens);
      expect(log.reasoningTokens[row++]).toBe(request.reasoningTokens);
    }
  });
});

describe("parseDefinition", () => {
  const valid = (): Record<string, unknown> => structuredClone(builtIn("reasoning-production"));

  test.each<[string, (d: Record<string, unknown>) => void, RegExp]>([
    ["unknown key", (d) => (d["colour"] = 1), /^f\.json: unknown key "colour"$/],
    ["missing key", (d) => delete d["prompt"], /^f\.json prompt: is missing/],
    [
      "wrong number",
      (d) => ((d["requestRate"] as never as { value: number }).value = -2),
      /requestRate\.value: -2 is not allowed; .*>0/,
    ],
    ["bad name", (d) => (d["name"] = "A b"), /name: "A b" is not allowed; expected lower-case/],
    [
      "bad kind",
      (d) => set(d, ["output", "components", "0", "kind"], "normal"),
      /components\.0\.kind: "normal".*lognormal, weibull/,
    ],
    ["bad process", (d) => set(d, ["arrivals", "process"], "magic"), /arrivals\.process: "magic".*poisson/],
    [
      "nested unknown",
      (d) => set(d, ["output", "components", "0", "mean"], 1),
      /output\.components\.0: unknown key "mean"/,
    ],
    [
      "weights",
      (d) => set(d, ["output", "components", "0", "weight"], 0.1),
      /output\.components: .*weights must sum to 1/,
    ],
    ["limit", (d) => set(d, ["output", "limit"], 0.5), /output\.limit: 0.5 is not allowed/],
    ["curve", (d) => set(d, ["hourlyCurve", "factors"], [1]), /24 factors/],
    ["flat curve", (d) => set(d, ["hourlyCurve", "factors"], Array(24).fill(0)), /a factor above 0/],
    [
      "source",
      (d) => set(d, ["prompt", "source"], "nowhere"),
      /prompt\.source: "nowhere" is not a key of sources; known are/,
    ],
  ])("%s", (_, spoil, message) => {
    const definition = valid();
    spoil(definition);
    expect(() => parseDefinition(definition, "f.json")).toThrow(message);
  });

  test.each([null, 3, "text", []])("%j is no definition", (json) => {
    expect(() => parseDefinition(json, "f.json")).toThrow(/^f\.json: .* is not allowed/);
  });
});

function set(json: Record<string, unknown>, keys: readonly string[], value: unknown): void {
  let at = json;
  for (const key of keys.slice(0, -1)) at = at[key] as Record<string, unknown>;
  at[keys.at(-1) as string] = value;
}
