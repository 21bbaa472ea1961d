import { appendFileSync, existsSync, readFileSync, truncateSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { calibrate, pointText, remaining } from "../calibrate/calibration.js";
import { cpuProfile, requirePeaks } from "../calibrate/cpu-profile.js";
import { fitProfile } from "../calibrate/fit-profile.js";
import { grid } from "../calibrate/grid.js";
import type { KernelRunner } from "../calibrate/kernel-runner.js";
import type { Point } from "../calibrate/measure.js";
import { loadAddon, nativeRunner } from "../calibrate/native-runner.js";
import {
  measurementLine,
  provenanceLine,
  readSampleFile,
  requireSameDevice,
  type Provenance,
  type SampleFile,
} from "../calibrate/sample-file.js";
import { InputError } from "../core/check.js";
import { calibrateRequest, profileName, type CalibrateRequest } from "./calibrate-request.js";
import { baseProfile } from "./calibrate-hardware.js";
import { fitText, jsonText, profileText } from "./fit.js";
import type { Flags } from "./flags.js";
import { onInterrupt } from "./interrupt.js";
import { progressLine } from "./progress.js";
import { parsedProfile } from "./resolve.js";
import { choiceFlag, countFlag, shareFlag, textFlag } from "./value-flags.js";
import { version } from "./version.js";
import { attempt, makeFolder, requireFolder, writeBlocks } from "./write.js";

const BACKENDS = ["cuda", "cpu"] as const;

/** Measures what is not measured yet, fits, and writes the profile; or checks a profile. */
export async function runCalibrate(flags: Flags): Promise<void> {
  const runner = nativeRunner(
    choiceFlag(flags, "device", BACKENDS) ?? "cuda",
    loadAddon(),
    countFlag(flags, "threads", 1, availableParallelism()),
  );
  const request = await calibrateRequest(flags, runner);
  const profile = textFlag(flags, "check");
  if (profile !== undefined) {
    const { runCheck } = await import("./calibrate-check.js");
    return runCheck(profile, runner, request, flags["json"] === true);
  }
  const holdout = shareFlag(flags, "holdout") ?? 0.3;
  if (holdout === 1) throw new InputError("--holdout", "1 is not allowed; some shapes must be left to fit");
  const name = profileName(flags, runner.device);
  const folder = textFlag(flags, "out") ?? ".";
  requireFolder(folder);
  const paths = { samples: join(folder, `${name}.samples.jsonl`), profile: join(folder, `${name}.json`) };
  const before = existingSamples(paths.samples);
  requireSameDevice(before, runner.device, paths.samples);
  const points = remaining(grid(runner, request.grid), before.rounds, request.rounds);
  if (points.length > 0 && existsSync(paths.profile)) {
    throw new InputError(
      paths.profile,
      `is there already, and ${points.length} measurements are not in it; a changed fit is a new --name`,
    );
  }
  const base =
    runner.device.backend === "cpu" ? undefined : baseProfile(textFlag(flags, "hardware"), runner.device.name);
  if (base === undefined) {
    requirePeaks(new Set([...points.map(({ kernel }) => kernel), ...before.samples.map(({ operator }) => operator)]));
  }
  makeFolder(folder);
  if (points.length > 0) await measureAll(runner, points, request, paths.samples);
  const file = existingSamples(paths.samples);
  const json = { ...(base ?? cpuProfile(name, runner.device, file.samples)), name };
  const device = parsedProfile(json, paths.profile);
  const line = progressLine("fitting");
  const settings = { holdout, seed: request.seed, source: sourceText(file, paths.samples), kind: "measured" } as const;
  const fitted = fitProfile(json, device, file.samples, settings, (operator) => line.update(() => operator));
  line.end();
  await writeNew(paths.profile, `${profileText(fitted.json)}\n`);
  const text = flags["json"] === true ? jsonText(fitted, name) : fitText(fitted, holdout);
  process.stdout.write(`${text}\n`);
  process.stderr.write(`wrote ${paths.profile}\n`);
}

/** Samples that a calibration before left; a last line that it could not finish is cut off. */
function existingSamples(path: string): SampleFile {
  if (!existsSync(path)) return readSampleFile("", path);
  const text = readFileSync(path, "utf8");
  const whole = text.lastIndexOf("\n") + 1;
  if (whole < text.length) attempt(path, () => truncateSync(path, Buffer.byteLength(text.slice(0, whole))));
  return readSampleFile(text.slice(0, whole), path);
}

/** Appends a line as soon as a shape is measured, so that nothing is lost; an interrupt ends it before the next shape. */
async function measureAll(
  runner: KernelRunner,
  points: readonly Point[],
  request: CalibrateRequest,
  path: string,
): Promise<void> {
  const append = (text: string): void => attempt(path, () => appendFileSync(path, text));
  append(provenanceLine(provenance(runner, points, request)));
  let exitCode: number | undefined;
  const release = onInterrupt((code) => {
    exitCode = code;
    process.stderr.write("\nstopping after this shape\n");
  });
  const line = progressLine("measuring");
  const count = await calibrate(runner, points, request.measure, {
    starting: (point, index) => line.update(() => `${index + 1} of ${points.length}, ${pointText(point)}`),
    measured: (measurement) => append(measurementLine(measurement)),
    stopped: () => exitCode !== undefined,
  }).finally(() => {
    line.end();
    release();
  });
  if (exitCode === undefined) return;
  process.stderr.write(`${path} has ${count} of ${points.length} measurements more; the same command goes on\n`);
  process.exit(exitCode);
}

function provenance(runner: KernelRunner, points: readonly Point[], request: CalibrateRequest): Provenance {
  const used = new Set(points.map(({ kernel }) => kernel));
  const kernels = runner.kernels.filter(({ name }) => used.has(name));
  return {
    version: version(),
    date: new Date().toISOString(),
    device: runner.device,
    model: request.model,
    seed: request.seed,
    statistic: request.measure.statistic,
    implementations: Object.fromEntries(kernels.map(({ name, implementation }) => [name, implementation])),
  };
}

/** Depends on the file alone, so that the same samples give the same profile. */
function sourceText({ provenance }: SampleFile, path: string): string {
  const [first] = provenance;
  if (first === undefined) return path;
  const { device, date, model } = first;
  const what = [device.kind, device.driver === "" ? "" : `driver ${device.driver}`, device.toolkit].filter(
    (part) => part !== "",
  );
  return `Measured by raas-sim ${first.version} on ${device.name} (${what.join(", ")}) on ${date.slice(0, 10)}, shapes of ${model}`;
}

/** A profile that others may use keeps what it says. */
async function writeNew(path: string, text: string): Promise<void> {
  if (existsSync(path) && readFileSync(path, "utf8") !== text) {
    throw new InputError(path, "is there already with other figures; a changed fit is a new --name");
  }
  await writeBlocks(path, [Buffer.from(text)]);
}
