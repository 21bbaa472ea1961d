import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { TraceInfo } from "../report/trace-report.js";
import type { Flags } from "./flags.js";
import { openRecording } from "./recordings.js";
import { runTraceCheck, runTraceConvert, runTraceInfo, runTraceSlice, runTraceSynth } from "./trace-commands.js";

const folder = mkdtempSync(join(tmpdir(), "raas-sim-trace-"));
const path = (name: string): string => join(folder, `${name}.attn.safetensors`);
afterAll(() => rmSync(folder, { recursive: true }));

/** What a command prints on stdout; stderr is swallowed. */
async function printed(command: (flags: Flags) => Promise<void>, flags: Flags): Promise<string> {
  let text = "";
  const stdout = vi.spyOn(process.stdout, "write").mockImplementation((chunk) => ((text += String(chunk)), true));
  const stderr = vi.spyOn(process.stderr, "write").mockImplementation(() => true);
  try {
    await command(flags);
    return text;
  } finally {
    stdout.mockRestore();
    stderr.mockRestore();
  }
}

const SMALL = { prompt: "20", steps: "70", layers: "2", "query-heads": "4", "kv-heads": "2" };

beforeAll(async () => {
  await printed(runTraceSynth, { ...SMALL, seed: "3", out: path("made") });
});

test("info says what is in a trace, as JSON and as tables", async () => {
  const info = JSON.parse(await printed(runTraceInfo, { file: path("made"), json: true })) as TraceInfo;
  expect(info).toMatchObject({ decodeSteps: 70, bytes: readFileSync(path("made")).length });
  expect(info.metadata).toMatchObject({ kind: "qkv", layers: [0, 1], synthetic: true });
  expect(info.tensors.find(({ name }) => name === "layers.1.q")).toEqual({
    name: "layers.1.q",
    dtype: "F16",
    shape: [90, 4, 32],
    bytes: 90 * 4 * 32 * 2,
  });
  expect(info.shape?.heads.map(({ layer, head }) => `${layer}.${head}`)).toEqual(
    ["0.0", "0.1", "0.2", "0.3", "1.0", "1.1", "1.2", "1.3"], // prettier-ignore
  );
  const text = await printed(runTraceInfo, { file: path("made"), layers: "1" });
  expect(text).toMatch(/^! This trace is synthetic/);
  expect(text).toMatch(/^1 +3 {2}lazy/m);
  expect(text).not.toMatch(/^0 +3 {2}lazy/m); // that layer was not asked for
});

test("info names the sums over the prompt's queries only where all of these are recorded", async () => {
  const fixture = (name: string): string => join(import.meta.dirname, `../attention/fixtures/${name}.attn.safetensors`);
  const channels = async (file: string): Promise<string> =>
    (JSON.parse(await printed(runTraceInfo, { file, json: true })) as TraceInfo).channels.join();
  expect(await channels(fixture("random-llama"))).toContain("summed over them");
  expect(await channels(fixture("random-qwen2"))).not.toContain("summed over them"); // its queries start at 8
});

test("info writes a page and the head map", async () => {
  const out = join(folder, "report");
  await printed(runTraceInfo, { file: path("made"), out, svg: true });
  expect(readdirSync(out).sort()).toEqual(["charts", "report.html", "result.json"]);
  expect(readFileSync(join(out, "charts/head-map.svg"), "utf8")).toMatch(/^<svg/);
  expect(readFileSync(join(out, "report.html"), "utf8")).toContain("no model has attended like this");
});

test("slices keep numbers and their formats; conversions can be checked and told apart", async () => {
  await printed(runTraceConvert, { file: path("made"), to: "qkv-bf16", out: path("bf16") });
  await printed(runTraceSlice, { file: path("bf16"), layers: "1", tokens: "30:60", out: path("slice") });
  const slice = openRecording(path("slice"));
  expect(slice.metadata).toMatchObject({ layers: [1], promptTokens: 30, totalTokens: 60, synthetic: true });
  expect(slice.keys(1, 0, 60)).toEqual(openRecording(path("bf16")).keys(1, 0, 60));
  for (const to of ["scores-f16", "scores-f32", "scores-log2-u8"]) {
    await printed(runTraceConvert, { file: path("slice"), to, out: path(to) });
    const checked = JSON.parse(await printed(runTraceCheck, { file: path(to), json: true })) as object;
    expect(checked).toMatchObject({ ok: true, faults: [], values: 60 + 30 * 2 * 60 + 2 * 30 + 30 * 2 * 4 });
  }
  await printed(runTraceConvert, { file: path("scores-log2-u8"), to: "scores-f16", out: path("back") });
  const [back, direct] = [path("back"), path("scores-f16")].map((file) => openRecording(file).scores(1, 0, 30));
  const apart = direct!.map((score, i) => Math.abs(score - back![i]!));
  expect(Math.max(...apart)).toBeLessThan(0.03);
  expect(Math.max(...apart)).toBeGreaterThan(0); // it went through a byte a score
});

test("check names what is wrong, in each tensor", async () => {
  const bytes = new Uint8Array(readFileSync(path("made")));
  const at = bytes.length - 2; // the last value of layers.1.v
  bytes[at + 1] = 0x7c;
  bytes[at] = 0;
  writeFileSync(path("broken"), bytes);
  const problem = /tensor layers\.1\.v has Infinity in row 89, element 63$/;
  await expect(printed(runTraceCheck, { file: path("broken") })).rejects.toThrow(problem);
  writeFileSync(path("short"), bytes.slice(0, 999));
  await expect(printed(runTraceCheck, { file: path("short"), json: true })).rejects.toThrow(
    /but the file ends after 999/,
  );
});

test.each<[string, (flags: Flags) => Promise<void>, Flags, RegExp]>([
  ["convert", runTraceConvert, { to: "scores-f64" }, /^--to: "scores-f64" is not allowed; expected one of qkv-f16/],
  ["convert", runTraceConvert, {}, /^--to: is missing: one of qkv-f16/],
  ["convert", runTraceConvert, { to: "qkv-f16", "group-reduction": "max" }, /^--group-reduction: is for scores/],
  ["convert", runTraceConvert, { to: "qkv-f16", "page-bounds": false }, /^--page-bounds: is for scores/],
  [
    "convert",
    runTraceConvert,
    { to: "scores-f16", "group-reduction": "sum" },
    /"sum" is not allowed; expected one of mean, max/,
  ],
  ["slice", runTraceSlice, {}, /^slice: nothing to cut/],
  ["slice", runTraceSlice, { layers: "0,7" }, /^layers: 7 is not recorded; the trace has 0, 1$/],
  ["slice", runTraceSlice, { layers: "a" }, /^--layers: "a" is not allowed/],
  ["slice", runTraceSlice, { steps: "3:71" }, /^steps: 3:71 is not a range within 0:70/],
  ["slice", runTraceSlice, { steps: "3" }, /^--steps: "3" is not allowed; expected a:b/],
  ["slice", runTraceSlice, { tokens: "5:60" }, /^--tokens: "5:60" starts inside the prompt/],
  ["slice", runTraceSlice, { tokens: "0:20" }, /^--tokens: "0:20" is not allowed; the end can be from 21 to 90/],
  ["slice", runTraceSlice, { tokens: "0:60", steps: "0:9" }, /^--tokens: and --steps say the same/],
  ["synth", runTraceSynth, { "head-dim": "8" }, /^headDim: 8 is too small/],
  ["synth", runTraceSynth, { layers: "0" }, /^--layers: "0" is not allowed; expected a whole number from 1/],
  ["info", runTraceInfo, { file: join(folder, "none.safetensors") }, /no such file/],
  ["info", runTraceInfo, { svg: true }, /--svg and --png write into the folder given with --out/],
])("%s refuses %#: exit 2 material, and no file", async (_, command, flags, message) => {
  const out = command === runTraceInfo ? {} : { out: path("refused") };
  const before = readdirSync(folder);
  const given = { file: path("made"), ...out, ...flags };
  await expect(printed(command, given)).rejects.toMatchObject({ name: "InputError" });
  await expect(printed(command, given)).rejects.toThrow(message);
  expect(readdirSync(folder)).toEqual(before);
});

test("scores are not turned into what they lack", async () => {
  await printed(runTraceConvert, { file: path("made"), to: "scores-f16", "page-bounds": false, out: path("plain") });
  const refused = async (flags: Flags): Promise<unknown> =>
    printed(runTraceConvert, { file: path("plain"), out: path("refused"), ...flags }).catch((error: unknown) => error);
  expect(String(await refused({ to: "qkv-f16" }))).toMatch(/a scores trace has no queries, keys and values/);
  expect(String(await refused({ to: "scores-f32", "page-bounds": true }))).toMatch(/neither page bounds nor the keys/);
  expect(String(await refused({ to: "scores-f32", "group-reduction": "max" }))).toMatch(/merged by mean/);
  await expect(refused({ to: "scores-f32", "group-reduction": "mean" })).resolves.toBe("");
});

test("a failure half way leaves nothing behind, and an old file as it was", async () => {
  const bad = path("bad");
  const made = { prompt: "20", steps: "8", layers: "1", "query-heads": "1", "kv-heads": "1" };
  await printed(runTraceSynth, { ...made, out: bad });
  const bytes = new Uint8Array(readFileSync(bad));
  bytes.fill(0xff, bytes.length - 2); // NaN in the last value, which is written last
  writeFileSync(bad, bytes);
  writeFileSync(path("old"), "old");
  const before = readdirSync(folder);
  await expect(printed(runTraceConvert, { file: bad, to: "qkv-bf16", out: path("old") })).rejects.toThrow(/NaN/);
  expect(readdirSync(folder)).toEqual(before);
  expect(readFileSync(path("old"), "utf8")).toBe("old");
});

test("from the command line: help, exit codes, messages without stack traces", () => {
  const run = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(process.execPath, [join(import.meta.dirname, "../../dist/bin/main.js"), "trace", ...args], {
      encoding: "utf8",
    });
  const help = run("convert", "--help");
  expect(help.status).toBe(0);
  expect(help.stdout).toMatch(/--group-reduction[\s\S]*Examples:/);
  for (const args of [["info", path("made"), "--lyers", "1"], ["inf"], ["check", path("broken")]]) {
    const { status, stderr } = run(...args);
    expect(status, args.join(" ")).toBe(2);
    expect(stderr).toMatch(/^raas-sim: .+\n$/);
  }
});
