import { expect, test } from "vitest";
import { parsedProfile } from "../cli/resolve.js";
import { stream } from "../core/rng.js";
import { MODELS } from "../model/shapes.js";
import { FAKE_DEVICE, fakeRunner, fakeWork, type FakeMachine } from "../test/fake-runner.js";
import { calibrate, remaining, requireKernels } from "./calibration.js";
import { checked, verdicts } from "./check-profile.js";
import { cpuProfile, requirePeaks } from "./cpu-profile.js";
import { fitProfile } from "./fit-profile.js";
import { grid, type GridSettings } from "./grid.js";
import type { MeasureSettings, Point } from "./measure.js";
import { sampleOf } from "./sample-of.js";
import { measurementLine, provenanceLine, readSampleFile, requireSameDevice, type Provenance } from "./sample-file.js";
import { readSamples } from "./sample.js";

const SEED = 72;
const model = MODELS["r1-distill-qwen-1.5b"];
if (model === undefined) throw new Error("no model");
const GRID: GridSettings = { model, quick: true, kernels: undefined, mostBytes: 1e8, mostFlops: 2e10 };
const SETTINGS: MeasureSettings = { seed: 1, statistic: "median", intervalPercent: 2, capSeconds: 1, setsBytes: 2e7 };

/** A device of 50 GB/s and 400 GFLOP/s whose kernels take the longer of the two and 20 µs, off by up to 3 %. */
const MACHINE: FakeMachine = {
  seconds: (kernel, sizes) => {
    const { bytes, flops } = fakeWork(kernel, sizes);
    return 2e-5 + Math.max(bytes / 50e9, flops / 400e9);
  },
  noise: (random) => 0.97 + 0.06 * random(),
};
const PROVENANCE: Provenance = {
  version: "0.0.0",
  date: "2026-01-01T00:00:00.000Z",
  device: FAKE_DEVICE,
  model: model.name,
  seed: 1,
  statistic: "median",
  implementations: { copy: "fake 1" },
};

/** The text of a calibration's file, stopped after some points. */
async function measured(points: readonly Point[], machine: FakeMachine, most = Infinity): Promise<string> {
  let text = provenanceLine(PROVENANCE);
  let count = 0;
  await calibrate(fakeRunner(machine, SEED), points, SETTINGS, {
    starting: () => {},
    measured: (measurement) => {
      text += measurementLine(measurement);
      count++;
    },
    stopped: () => count >= most,
  });
  return text;
}

test("a grid has each shape once, of kernels that the device runs, within its limits", () => {
  const runner = fakeRunner(MACHINE, SEED);
  for (const quick of [true, false]) {
    const mostBytes = quick ? 1e8 : 8e9;
    const points = grid(runner, { ...GRID, quick, mostBytes });
    const keys = points.map(({ kernel, sizes }) => `${kernel} ${JSON.stringify(sizes)}`);
    expect(new Set(keys).size).toBe(keys.length);
    const kernels = [...new Set(points.map(({ kernel }) => kernel))];
    expect(kernels).toEqual(["copy", "gemm", "decode-attention", "silu-mul"]);
    for (const { kernel, sizes } of points) {
      const info = runner.kernels.find(({ name }) => name === kernel);
      expect(Object.keys(sizes).sort()).toEqual([...(info?.sizes ?? [])].sort());
      expect(runner.work(kernel, sizes).setBytes).toBeLessThanOrEqual(mostBytes);
      expect(runner.work(kernel, sizes).flops).toBeLessThanOrEqual(GRID.mostFlops);
    }
    // Enough of each for a fit.
    for (const kernel of kernels)
      expect(keys.filter((key) => key.startsWith(kernel)).length).toBeGreaterThanOrEqual(20);
  }
});

test("a grid leaves out budgets that hold the whole context, and what is cached before an append", () => {
  const runner = fakeRunner({ ...MACHINE, device: { backend: "cuda" } }, SEED);
  const points = [true, false].flatMap((quick) =>
    grid(runner, { ...GRID, quick, kernels: ["quest-step", "kv-append"] }),
  );
  for (const { kernel, sizes } of points) {
    if (kernel === "kv-append") expect(sizes["context"]).toBe(0);
    else expect(sizes["budget"]).toBeLessThan(sizes["context"] ?? NaN);
  }
  expect(new Set(points.map(({ kernel }) => kernel)).size).toBe(2);
});

test("a CPU's peaks need the kernels that reach them", () => {
  expect(() => requirePeaks(new Set(["gemm", "copy", "rope"]))).not.toThrow();
  for (const kernels of [["gemm"], ["copy", "rope"]])
    expect(() => requirePeaks(new Set(kernels))).toThrow(/--kernels: needs the kernels gemm and copy/);
});

test("a calibration that was stopped goes on with the shapes that are missing", async () => {
  const points = grid(fakeRunner(MACHINE, SEED), { ...GRID, kernels: ["copy"] });
  const first = await measured(points, MACHINE, 5);
  const { rounds } = readSampleFile(first, "a.jsonl");
  const left = remaining(points, rounds, 1);
  expect(left).toEqual(points.slice(5));
  expect(remaining(points, rounds, 2)).toEqual([...left, ...points]);
  const both = readSampleFile(first + (await measured(left, MACHINE)), "a.jsonl");
  expect(remaining(points, both.rounds, 1)).toEqual([]);
  expect(both.samples.length).toBe(points.length);
  expect(both.provenance).toEqual([PROVENANCE, PROVENANCE]);
});

test("where the least stands for a shape, it is that of all rounds", async () => {
  const points = grid(fakeRunner(MACHINE, SEED), { ...GRID, kernels: ["copy"] });
  const slow: FakeMachine = { ...MACHINE, seconds: (...of) => 3 * MACHINE.seconds(...of) };
  const text = (await measured(points, slow)) + (await measured(points, MACHINE)) + (await measured(points, slow));
  const fast = readSamples(await measured(points, MACHINE), "a.jsonl");
  expect(readSamples(text, "a.jsonl").length).toBe(3 * points.length);
  expect(readSamples(text.replaceAll('"statistic":"median"', '"statistic":"least"'), "a.jsonl")).toEqual(fast);
});

test("fit reads the same file", async () => {
  const points = grid(fakeRunner(MACHINE, SEED), GRID);
  const text = await measured(points.slice(0, 40), MACHINE);
  expect(readSamples(text, "a.jsonl")).toEqual(readSampleFile(text, "a.jsonl").samples);
  const [, line = ""] = text.split("\n");
  const { measured: statistics } = JSON.parse(line) as { measured: Record<string, unknown> };
  expect(Object.keys(statistics)).toEqual(
    expect.arrayContaining(["median", "least", "spreadPercent", "count", "relativeError", "bytes", "flops", "times"]),
  );
});

test("a file of another device, driver or compiler is refused", async () => {
  const file = readSampleFile(await measured([], MACHINE), "a.jsonl");
  requireSameDevice(file, FAKE_DEVICE, "a.jsonl");
  for (const other of [{ name: "Other CPU" }, { multiprocessors: 8 }, { driver: "2" }, { toolkit: "GNU 13" }]) {
    expect(() => requireSameDevice(file, { ...FAKE_DEVICE, ...other }, "a.jsonl")).toThrow(/another machine/);
  }
});

test("what is no file of a calibration is refused with its line", () => {
  const sample = '{"operator":"copy","sizes":{"bytes":16},"bytes":32,"flops":0,"seconds":1e-6}';
  expect(() => readSampleFile(sample, "a.jsonl")).toThrow(/a\.jsonl line 1/);
  expect(() => readSampleFile(`${sample.slice(0, -1)},"measured":{"kernel":"copy","sizes":{}}}`, "a.jsonl")).toThrow(
    /does not say what device/,
  );
  expect(() => readSampleFile('{"calibration":{"version":1}}', "a.jsonl")).toThrow(/a\.jsonl line 1 version/);
  expect(() => readSampleFile("{", "a.jsonl")).toThrow(/line 1: is not JSON/);
});

test("an unknown kernel, or one of another device, is refused", () => {
  const runner = fakeRunner(MACHINE, SEED);
  requireKernels(runner, ["copy", "gemm"]);
  for (const name of ["gem", "emulated-only"]) {
    expect(() => requireKernels(runner, [name])).toThrow(/--kernels.*expected some of copy, gemm/);
  }
});

test("a measured and fitted device predicts shapes that were not measured, and a check tells when it has changed", async () => {
  const points = grid(fakeRunner(MACHINE, SEED), { ...GRID, kernels: ["copy", "gemm", "decode-attention"] });
  const random = stream(SEED, "shapes left out");
  const unseen = new Set(points.filter(() => random() < 0.25));
  const { samples } = readSampleFile(
    await measured(
      points.filter((point) => !unseen.has(point)),
      MACHINE,
    ),
    "a.jsonl",
  );
  const base = cpuProfile("fake", FAKE_DEVICE, samples);
  const settings = { holdout: 0.3, seed: SEED, source: "a test", kind: "measured" } as const;
  const fitted = fitProfile(base, parsedProfile(base, "fake.json"), samples, settings, () => {});
  expect(fitted.fits.map(({ operator }) => operator)).toEqual(["gemm bf16", "decode-attention bf16 head 128", "copy"]);
  for (const { operator, mapePercent } of fitted.fits) expect(mapePercent, operator).toBeLessThan(20);
  const profile = parsedProfile(fitted.json, "fake.json");
  expect(profile.kind).toBe("measured");
  expect(profile.bandwidthBytesPerSecond / 50e9).toBeCloseTo(1, 1);
  expect(profile.peakFlops.bf16 / 400e9).toBeCloseTo(1, 1);
  expect(profile.notes.join()).toContain("moe, elementwise, allReduce: not measured");
  const now = (slower: number) =>
    [...unseen].flatMap((point) => {
      const { kernel, sizes } = point;
      const sample = sampleOf(point, fakeWork(kernel, sizes), slower * MACHINE.seconds(kernel, sizes));
      return checked(profile, sample) ?? [];
    });
  const same = verdicts(profile, now(1));
  expect(same.map(({ operator }) => operator)).toEqual(fitted.fits.slice(0, 2).map(({ operator }) => operator));
  for (const { operator, mapePercent, holds } of same) {
    expect(mapePercent, operator).toBeLessThan(20);
    expect(holds, operator).toBe(true);
  }
  for (const { operator, holds } of verdicts(profile, now(2))) expect(holds, operator).toBe(false);
});
