import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { latencies, metrics } from "../serve/metrics.js";
import { serve } from "../serve/serve.js";
import type { Flags } from "./flags.js";
import { scenarioOptions } from "./flags.js";
import { prepare } from "./prepare.js";
import { resolve } from "./resolve.js";
import { runValidate } from "./validate-command.js";

let folder: string;
let said: string;
let warned: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "validate-"));
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  said = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    said += String(text);
    return true;
  });
  warned = "";
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    warned += String(text);
    return true;
  });
  return () => vi.restoreAllMocks();
});

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const SERVER = "model: llama-3.1-8b\nhardware: h100-sxm\nasync-scheduling: false\n";

/** What a server with these host terms would have measured. */
async function measured(rate: number, terms: Readonly<Record<string, number>>): Promise<string> {
  const load = { "request-rate": rate, "num-requests": 150, "input-len": 300, "output-len": 60 };
  const options = await scenarioOptions({ scenario: file("s.yaml", SERVER), ...stringed({ ...load, ...terms }) });
  const resolved = await resolve(options);
  const built = prepare(options, resolved, resolved.policies[0]!);
  const result = serve(built);
  const figures = metrics(built, result, latencies(result));
  const lengths = { input_lens: Array(150).fill(300), output_lens: Array(150).fill(60) };
  return file(`run-${rate}.json`, JSON.stringify({ ...figures, request_rate: rate, ...lengths }));
}

function stringed(values: Readonly<Record<string, number>>): Flags {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
}

test("published runs by the beginnings of their names, as JSON and as files", async () => {
  const out = join(folder, "out");
  await runValidate({ cases: ["vllm-0.23/qwen3-14b/2rps"], json: true, out });
  const data = JSON.parse(said) as { cases: { name: string }[]; targets: { target: string }[] };
  expect(data.cases.map(({ name }) => name)).toEqual(["vllm-0.23/qwen3-14b/2rps"]);
  expect(new Set(data.targets.map(({ target }) => target))).toEqual(new Set(["open loop"]));
  expect(JSON.parse(readFileSync(join(out, "result.json"), "utf8"))).toEqual(data);
  expect(readFileSync(join(out, "report.html"), "utf8")).toContain("vllm-0.23/qwen3-14b/2rps");
});

test("a server that is as predicted: no errors, nothing stands out", async () => {
  const path = await measured(4, {});
  await runValidate({ measured: path, scenario: file("s.yaml", SERVER) });
  expect(said).toMatch(/mean_tpot_ms .*\+0\.0 %/);
  expect(said).toMatch(/nothing stands out/);
});

test("runs appended to one file are scored each with its own requests", async () => {
  const [slow, fast] = [await measured(1, {}), await measured(4, {})].map((path) => readFileSync(path, "utf8"));
  const path = file("both.json", `${slow}\n${fast}`);
  await runValidate({ measured: path, scenario: file("s.yaml", SERVER), json: true });
  const { runs } = JSON.parse(said) as { runs: { path: string; comparisons: { error: number }[] }[] };
  expect(runs.map((run) => run.path)).toEqual([`${path}:1`, `${path}:2`]);
  for (const { comparisons } of runs) for (const { error } of comparisons) expect(error).toBeCloseTo(0, 9);
});

test("a scenario with a load of its own is simulated as it says, and that is said", async () => {
  const path = await measured(4, {});
  await runValidate({ measured: path, scenario: file("s.yaml", SERVER) });
  expect(warned).not.toMatch(/load of its own/);
  const scenario = file("own.yaml", `${SERVER}input-len: 50\noutput-len: 10\nnum-requests: 20\n`);
  await runValidate({ measured: path, scenario });
  expect(warned).toContain(`${path} records its requests, but ${scenario} has a load of its own`);
});

test("a slower CPU is found and its terms come back", async () => {
  const terms = { "host-step-time": 2.4e-3, "host-sequence-time": 20e-6, "front-end-time": 20e-3 };
  const runs = [await measured(1, terms), await measured(12, terms)];
  await runValidate({ measured: runs, scenario: file("s.yaml", SERVER), tune: true, json: true });
  const { advice, tuned } = JSON.parse(said) as {
    advice: string[];
    tuned: { options: Record<string, number>; before: number; after: number };
  };
  expect(advice.join(" ")).toMatch(/host/);
  expect(tuned.before).toBeGreaterThan(0.1);
  expect(tuned.after).toBeLessThan(0.02);
  expect(tuned.options["host-step-time"]! / 2.4e-3).toBeCloseTo(1, 0);
  expect(tuned.options["front-end-time"]! / 20e-3).toBeCloseTo(1, 0);
});

test.each<[Flags, RegExp]>([
  [{ cases: ["vllm-9"] }, /cases: no run begins with "vllm-9"; they begin with vllm-0\.23\/qwen3-14b/],
  [{ tune: true }, /--tune: needs --measured/],
  [{ scenario: "s.yaml" }, /--scenario: needs --measured/],
  [{ measured: "nothing.json" }, /--scenario: is missing/],
  [{ measured: "nothing.json", cases: ["vllm-0.23"], scenario: "s.yaml" }, /cases: do not go with --measured/],
  [{ svg: true }, /--out/],
])("%j is refused", async (flags, problem) => {
  await expect(runValidate(flags)).rejects.toThrow(problem);
});

test("a file that is not there, and one that is no run, are named", async () => {
  const scenario = file("s.yaml", SERVER);
  await expect(runValidate({ measured: join(folder, "none.json"), scenario })).rejects.toThrow(
    /none\.json: no such file/,
  );
  const other = file("other.json", '{"a": 1}');
  await expect(runValidate({ measured: other, scenario })).rejects.toThrow(/other\.json: has neither mean_ttft_ms/);
});
