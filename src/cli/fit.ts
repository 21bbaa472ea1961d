import { basename } from "node:path";
import { fitProfile, type FittedProfile } from "../calibrate/fit-profile.js";
import { readKernelTable } from "../calibrate/kernel-tables.js";
import { readSamples, type KernelSample } from "../calibrate/sample.js";
import { InputError } from "../core/check.js";
import type { OperatorFit } from "../hardware/profile.js";
import { textTable } from "../report/text-table.js";
import { unpacked } from "../workload/unpack.js";
import type { Flags } from "./flags.js";
import { progressLine } from "./progress.js";
import { profilePath, resolveProfile } from "./resolve.js";
import { readBytes, readJson } from "./scenario-file.js";
import { countFlag, requiredTextFlag, shareFlag, textFlag } from "./value-flags.js";
import { version } from "./version.js";
import { writeBlocks } from "./write.js";

/** Reads kernel times, fits, prints errors on held-out shapes, and writes the profile. */
export async function runFit(flags: Flags): Promise<void> {
  const hardware = requiredTextFlag(flags, "hardware", "a profile that has the device's peaks");
  const out = textFlag(flags, "out");
  if (out !== undefined && !out.endsWith(".json")) {
    throw new InputError("--out", `"${out}" is not allowed; expected a name that ends in .json`);
  }
  const holdout = shareFlag(flags, "holdout") ?? 0.5;
  if (holdout === 1) throw new InputError("--holdout", "1 is not allowed; some shapes must be left to fit");
  const seed = countFlag(flags, "seed", 0, 2 ** 32) ?? 0;
  const device = resolveProfile(hardware);
  const profile = readJson(profilePath(hardware)) as Record<string, unknown>;
  const paths = (flags["kernels"] as readonly unknown[]).map(String);
  const source = textFlag(flags, "source") ?? `Kernel times of ${paths.map((path) => basename(path)).join(", ")}`;
  const samples = paths.flatMap((path) => readKernels(path));
  const line = progressLine("fitting");
  const fitted = fitProfile(profile, device, samples, { holdout, seed, source }, (operator) =>
    line.update(() => operator),
  );
  line.end();
  if (out !== undefined) await writeBlocks(out, [Buffer.from(`${profileText(fitted.json)}\n`)]);
  const text = flags["json"] === true ? jsonText(fitted, hardware) : fitText(fitted, holdout);
  process.stdout.write(`${text}\n`);
  if (out !== undefined) process.stderr.write(`wrote ${out}\n`);
}

function readKernels(path: string): readonly KernelSample[] {
  const text = new TextDecoder().decode(unpacked(readBytes(path), path));
  return text.trimStart().startsWith("{") ? readSamples(text, path) : readKernelTable(text, path);
}

export function jsonText({ fits, unused }: FittedProfile, hardware: string): string {
  return JSON.stringify({ version: version(), hardware, unused_samples: unused, operators: fits }, null, 2);
}

const RIGHT = ["samples", "held out", "MAPE %", "bias %", "p90 %"].map((title) => ({ title, align: "right" }) as const);

export function fitText({ fits, unused }: FittedProfile, holdout: number): string {
  return [
    textTable([{ title: "Operator" }, ...RIGHT, { title: "Shapes that the samples cover" }], fits.map(operatorRow)),
    textTable(
      [{ title: "Operator" }, { title: "Size" }, ...RIGHT.slice(1)],
      fits.flatMap(({ operator, classes }) =>
        classes.map((each, i) => [i === 0 ? operator : "", each.name, ...errorCells(each)]),
      ),
    ),
    [
      "Notes",
      `- Errors are those of a fit to the other shapes, on a share of ${holdout} drawn at random; the profile is fitted to all.`,
      "- Other shapes than these are extrapolated by the forms; a simulation that needs them says so.",
      ...(unused === 0
        ? []
        : [`- ${unused.toLocaleString("en-US")} samples are of formats or kernels that no form describes.`]),
    ].join("\n"),
  ].join("\n\n");
}

function operatorRow(fit: OperatorFit): readonly string[] {
  const ranges = Object.entries(fit.ranges).map(([name, [least, most]]) =>
    least === most ? `${name} ${least}` : `${name} ${least}-${most}`,
  );
  return [fit.operator, fit.samples.toLocaleString("en-US"), ...errorCells(fit), ranges.join(", ")];
}

function errorCells(
  error: Pick<OperatorFit, "heldOut" | "mapePercent" | "biasPercent" | "p90Percent">,
): readonly string[] {
  return [
    error.heldOut.toLocaleString("en-US"),
    ...[error.mapePercent, error.biasPercent, error.p90Percent].map((value) => value.toFixed(1)),
  ];
}

/** JSON with one line for each object without objects, as profiles are written. */
export function profileText(json: unknown): string {
  return JSON.stringify(json, null, 2).replaceAll(/[{[]\n\s+[^{}[\]]*?\n\s+[}\]]/g, (block) => {
    const line = block.replaceAll(/\n\s+/g, " ");
    return line.length <= 110 ? line : block;
  });
}
