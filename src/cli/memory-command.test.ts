import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "raas-sim-memory-"));
afterAll(() => rmSync(folder, { recursive: true }));

function command(...args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const main = new URL("../../dist/bin/main.js", import.meta.url).pathname;
  return spawnSync(process.execPath, [main, ...args], { encoding: "utf8" });
}

const H100 = ["--hardware", "h100-sxm"];

test("JSON has vLLM's keys, parts that sum to the GPU, and what each policy holds", () => {
  const options = ["--max-num-seqs", "256", "--max-model-len", "32768", "--policy", "dense,raas:budget=1024"];
  const { stdout, stderr, status } = command("memory", "--model", "qwen3-14b", ...H100, ...options, "--json");
  expect([status, stderr]).toEqual([0, ""]);
  const data = JSON.parse(stdout) as Record<string, number> & {
    policies: Record<string, number>[];
    fitting: Record<string, unknown>[];
  };
  expect(data).toMatchObject({ fits: true, missing_bytes: 0, engine: "vllm-0.23", gpu_memory_utilization: 0.92 });
  expect(data["num_gpu_blocks"]).toBe(18038); // as vLLM 0.23.0 printed: inference-sim/residency-vllm 2641b576
  expect(data["kv_cache_tokens"]).toBe(16 * 18038);
  const parts = ["context", "weight", "activation", "non_torch", "cuda_graph", "kv_cache"].map((part) => {
    const bytes = data[`${part}_bytes`] as number;
    expect(Number.isInteger(bytes) && bytes > 0, part).toBe(true);
    return bytes;
  });
  const used = parts.reduce((sum, bytes) => sum + bytes, 0);
  expect(used + (data["free_bytes"] as number)).toBe(data["gpu_memory_bytes"]);
  const [dense, raas] = data.policies as [Record<string, number>, Record<string, number>];
  expect(dense["full_sequences"]).toBe(Math.floor((16 * 18038) / 32768));
  expect(dense["sequence_bytes"]).toBe(32768 * 40 * 2 * 8 * 128 * 2);
  expect(raas["full_sequences"]).toBeGreaterThan(10 * (dense["full_sequences"] as number));
  expect(data.fitting).toContainEqual(expect.objectContaining({ hardware: "h100-sxm", tp: 1, full_sequences: 8 }));
});

test("serve has the same pool", () => {
  const options = ["--model", "llama-3.1-8b", ...H100, "--tp", "2", "--kv-cache-dtype", "fp8", "--json"];
  const load = ["--input-len", "64", "--output-len", "8", "--num-requests", "4", "--request-rate", "1"];
  const memory = JSON.parse(command("memory", ...options).stdout) as Record<string, number>;
  const served = JSON.parse(command("serve", ...options, ...load).stdout) as { memory: Record<string, number> };
  for (const [key, value] of Object.entries(served.memory)) expect(memory[key], key).toBe(value);
});

test("tables, and files where a folder is named", () => {
  const out = join(folder, "out");
  const options = ["--engine", "vllm-0.19", "--out", out, "--svg"];
  const { stdout, stderr, status } = command("memory", "--model", "gemma-3-12b", ...H100, ...options);
  expect(status).toBe(0);
  expect(stdout).toMatch(/weights +23\.\d GiB +29\.\d %/);
  expect(stdout).toMatch(/Fewest GPUs that hold at least one sequence of 131,072 tokens under Dense/);
  expect(stderr).toContain("report.html");
  const result = JSON.parse(readFileSync(join(out, "result.json"), "utf8")) as Record<string, unknown>;
  expect(result).toMatchObject({ model: "gemma-3-12b", layers_per_block: 8 });
  expect(existsSync(join(out, "charts", "memory-layout.svg"))).toBe(true);
  const page = readFileSync(join(out, "report.html"), "utf8");
  const origin = page.slice(page.indexOf('<h2 id="origin">'));
  expect(origin).toMatch(/hardware<.*?h100-sxm/s);
  expect(origin).toContain(String(result["source"]).slice(0, 20));
});

test("a model that does not fit: said in words, as JSON as well, with exit code 2", () => {
  const options = ["memory", "--model", "llama-3.1-70b", ...H100];
  const words = command(...options);
  expect(words.status).toBe(2);
  expect(words.stderr).toMatch(/^raas-sim: hardware: llama-3\.1-70b does not fit h100-sxm with --tp 1: .* --tp 4, or/);
  const [, missing] = /: (\d+\.\d) GiB are missing/.exec(words.stderr) ?? [];
  expect(words.stdout).toMatch(new RegExp(`^missing +${missing} GiB`, "m")); // one figure everywhere
  const json = command(...options, "--json");
  expect(json.status).toBe(2);
  const data = JSON.parse(json.stdout) as Record<string, number>;
  expect(data).toMatchObject({ fits: false, kv_cache_bytes: 0, kv_cache_tokens: 0, num_gpu_blocks: 0 });
  expect(((data["missing_bytes"] as number) / 2 ** 30).toFixed(1)).toBe(missing);
  expect(data["missing_bytes"] as number).toBeGreaterThan(50 * 2 ** 30);
});

interface Plan {
  readonly fits: boolean;
  readonly max_model_len: number;
  readonly sequence_tokens: number;
  readonly notes: readonly string[];
  readonly fitting: readonly object[];
  readonly policies: readonly { readonly full_sequences: number; readonly longest_sequence_tokens: number }[];
}

const LOAD = ["--input-len", "8", "--output-len", "8", "--num-requests", "1", "--request-rate", "1"];

test.each([
  ["llama-3.1-8b", ["--max-model-len", "2000000"], 2],
  ["llama-3.1-8b", ["--num-gpu-blocks-override", "100"], 0],
  ["llama-3.1-8b", ["--num-gpu-blocks-override", "100", "--max-model-len", "1601"], 2],
  ["llama-3.1-8b", ["--num-gpu-blocks-override", "100", "--max-model-len", "1600"], 0],
  ["llama-3.1-8b", ["--num-gpu-blocks-override", "100", "--policy", "raas:budget=256"], 0],
  ["llama-4-scout", ["--tp", "4"], 0],
  ["llama-3.1-70b", [], 2],
] as const)(
  "%s %j: memory fits exactly where serve starts, with the context that serve has",
  (model, given, status) => {
    const options = ["--model", model, ...H100, ...given];
    const [memory, serve] = [command("memory", ...options, "--json"), command("serve", ...options, ...LOAD, "--json")];
    expect([memory.status, serve.status], memory.stderr).toEqual([status, status]);
    const plan = JSON.parse(memory.stdout) as Plan;
    expect(plan.fits).toBe(status === 0);
    const [{ full_sequences: sequences, longest_sequence_tokens: longest }] = plan.policies as [Plan["policies"][0]];
    expect(sequences > 0).toBe(plan.fits);
    if (status === 0) {
      const { scenario } = JSON.parse(serve.stdout) as { scenario: Record<string, unknown> };
      expect(scenario["max-model-len"]).toBe(plan.sequence_tokens);
      expect(longest).toBe(plan.sequence_tokens);
      expect(plan.notes.some((note) => note.includes("longer requests are cut"))).toBe(longest < plan.max_model_len);
    } else {
      expect(serve.stderr).toBe(memory.stderr); // the same words
      expect(longest).toBeLessThan(plan.sequence_tokens);
    }
  },
);

test("a context that nobody asked for is cut to what every policy holds", () => {
  const { stdout } = command(
    "memory",
    "--model",
    "llama-3.1-8b",
    "--hardware",
    "l4",
    "--policy",
    "dense,raas:budget=512",
    "--json",
  );
  const { policies, sequence_tokens: tokens } = JSON.parse(stdout) as Plan;
  expect(policies.map(({ longest_sequence_tokens: longest }) => longest).toSorted((a, b) => a - b)[0]).toBe(tokens);
  const [dense, raas] = policies.map(({ full_sequences: sequences }) => sequences);
  expect(dense).toBe(1);
  expect(raas).toBeGreaterThan(10);
});

test("where no known GPUs hold a context, that is said in place of a table", () => {
  const { stdout, status } = command("memory", "--model", "llama-3.1-8b", ...H100, "--max-model-len", "100000000");
  expect(status).toBe(2);
  expect(stdout).not.toContain("Fewest GPUs");
  expect(stdout).toContain("No node of the GPUs known here holds a sequence of 100000000 tokens under Dense.");
});

test.each([
  [["--model", "llama-3.1-8b", ...H100, "--tp", "3"], "tp: 3 does not divide the 32 query heads"],
  [
    ["--model", "llama-3.1-8b", ...H100, "--engine", "vllm-1.0"],
    '--engine: "vllm-1.0" is not allowed; expected one of',
  ],
  [["--model", "llama-3.1-8b", ...H100, "--gpu-memory-utilization", "1.5"], "--gpu-memory-utilization: 1.5 is not"],
  [["--model", "llama-3.1-8b", ...H100, "--dtype", "float32"], "Unknown argument: dtype"],
  [["--model", "llama-3.1-8b", ...H100, "--request-rate", "2"], "Unknown argument: request-rate"],
  [["--model", "llama-3.1-8b"], "--hardware: is missing"],
  [["--model", "llama-3.1-8b", ...H100, "--cuda-graphs=yes"], '--cuda-graphs: "yes" is not allowed; expected true or'],
  [["--model", "llama-3.1-8b", ...H100, "--json="], '--json: "" is not allowed; expected true or false'],
])("%j is refused in words", (args, message) => {
  const { status, stdout, stderr } = command("memory", ...args);
  expect([status, stdout]).toEqual([2, ""]);
  expect(stderr).toContain(message);
  expect(stderr).not.toContain("    at ");
});
