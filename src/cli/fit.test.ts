import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { resolveProfile } from "./resolve.js";

const folder = mkdtempSync(join(tmpdir(), "raas-sim-fit-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Made: latency 4 µs + 1.5 µs a GPU, 250 GB/s, p 1.5, with a ripple of 2 %. */
const TABLE = new URL("../calibrate/fixtures/synthetic-all-reduce.csv", import.meta.url).pathname;

function fit(...args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const main = new URL("../../dist/bin/main.js", import.meta.url).pathname;
  return spawnSync(process.execPath, [main, "fit", ...args], { encoding: "utf8" });
}

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

test("fit writes a profile that the simulator reads, and keeps what the table does not cover", () => {
  const out = join(folder, "mine.json");
  const { status, stdout, stderr } = fit(TABLE, "--hardware", "h100-sxm", "-o", out, "--source", "made up");
  expect(stderr).toContain(`wrote ${out}`);
  expect(status).toBe(0);
  expect(stdout).toMatch(/all-reduce ring +60 +\d+ +[\d.]+ +-?[\d.]+ +[\d.]+ +gpus 2-8, bytes 1024-536870912/);
  expect(stdout).toMatch(/KB <= 256/);
  const profile = resolveProfile(out);
  const before = resolveProfile("h100-sxm");
  expect(profile.gemm).toEqual(before.gemm);
  expect(profile.allReduce.custom).toEqual(before.allReduce.custom);
  expect(profile.allReduce.ring.bytesPerSecondOf8 / 2.5e11).toBeCloseTo(1, 1);
  expect(profile.allReduce.ring.bulkLatencySeconds * 1e6).toBeCloseTo(4, 0);
  expect(profile.fits[0]?.mapePercent).toBeLessThan(3);
  expect(profile.sources["kernels"]).toBe("made up");
});

test("samples of a calibration, gzipped JSON lines, are the same as a table of them", () => {
  const rows = readFileSync(TABLE, "utf8").trim().split("\n").slice(1);
  const samples = rows
    .map((row) => row.split(","))
    .filter(([operator]) => operator === "all_reduce")
    .map(([, , gpus, size, ms]) => ({
      operator: "all-reduce",
      kernel: "ring",
      gpus: Number(gpus),
      bytes: 2 * Number(size),
      seconds: Number(ms) / 1000,
    }));
  const path = file("samples.jsonl.gz", gzipSync(samples.map((sample) => JSON.stringify(sample)).join("\n")));
  const json = (input: string): unknown => JSON.parse(fit(input, "--hardware", "h200", "--json", "--seed", "3").stdout);
  expect(json(path)).toEqual(json(TABLE));
});

test("what cannot be fitted is refused in words, and nothing is written", () => {
  const out = join(folder, "none.json");
  const bad = file("bad.csv", "m,n,k,latency\n1,2,x,3\n");
  const refused: readonly (readonly [readonly string[], string])[] = [
    [[TABLE], "--hardware: is missing"],
    [[TABLE, "--hardware", "h1000"], '"h1000" is not known'],
    [[TABLE, "--hardware", "h100-sxm", "--holdout", "1.5"], "--holdout"],
    [[bad, "--hardware", "h100-sxm"], 'bad.csv line 2 k: "x" is not allowed; expected a number'],
    [[file("few.csv", "m,n,k,latency\n1,2,3,3\n"), "--hardware", "h100-sxm"], "no operator has 20 samples"],
    [[file("log.csv", "a,b\n1,2\n"), "--hardware", "h100-sxm"], "has the columns a, b; expected those of a GEMM"],
    [[file("s.jsonl", '{"operator":"gemm","m":1}'), "--hardware", "h100-sxm"], "s.jsonl line 1 format"],
    [[TABLE, "--hardware", "h100-sxm", "--seeds", "1"], "Unknown argument: seeds"],
  ];
  for (const [args, message] of refused) {
    const { status, stderr } = fit(...args, "-o", out);
    expect(stderr).toContain(message);
    expect(status).toBe(2);
  }
  expect(existsSync(out)).toBe(false);
});
