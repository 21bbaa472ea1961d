import { InputError } from "../core/check.js";
import type { MeasuredCase } from "../validate/case.js";
import { CASES } from "../validate/cases.js";
import { validation, validationData } from "../validate/validation.js";
import type { Flags } from "./flags.js";
import { outputFlags, writeReport } from "./output.js";
import { progressLine } from "./progress.js";
import { resolveProfile } from "./resolve.js";
import { version } from "./version.js";

/** Published runs: predicted, measured, error; files if they are asked for. */
export async function runValidate(flags: Flags): Promise<void> {
  const output = outputFlags(flags);
  const measured = texts(flags["measured"]);
  if (measured.length > 0) {
    if (texts(flags["cases"]).length > 0)
      throw new InputError("cases", "do not go with --measured, which has runs of its own");
    return (await import("./validate-measured.js")).validateMeasured(measured, flags, output);
  }
  for (const name of ["scenario", "tune"])
    if (flags[name] !== undefined) throw new InputError(`--${name}`, "needs --measured, the runs that it is about");
  const cases = chosen(flags["cases"]);
  const line = progressLine("validate");
  const found = validation(cases, resolveProfile, (done) => line.update(() => `${done} of ${cases.length} runs`));
  line.end();
  const data = validationData(found, version());
  if (output.json) process.stdout.write(`${JSON.stringify(data, null, 2)}\n`);
  else {
    const { validateTable } = await import("../report/validate-table.js");
    process.stdout.write(`${validateTable(found.scored, found.targets)}\n`);
  }
  if (output.out === undefined) return;
  const { validateReport } = await import("../report/validate-report.js");
  const report = validateReport(found.scored, found.targets, found.publications, { version: version(), data });
  await writeReport(output.out, new Map(), data, report, output);
}

/** Cases whose names begin with one of the texts given; all of them if none is. */
function chosen(given: unknown): readonly MeasuredCase[] {
  const beginnings = texts(given);
  if (beginnings.length === 0) return CASES;
  for (const beginning of beginnings) {
    if (CASES.some(({ name }) => name.startsWith(beginning))) continue;
    const known = [...new Set(CASES.map(({ name }) => name.split("/").slice(0, 2).join("/")))];
    throw new InputError("cases", `no run begins with "${beginning}"; they begin with ${known.join(", ")}`);
  }
  return CASES.filter(({ name }) => beginnings.some((beginning) => name.startsWith(beginning)));
}

/** What a flag or argument was given, once or several times. */
function texts(given: unknown): readonly string[] {
  if (typeof given === "string") return [given];
  return Array.isArray(given) ? given.map(String) : [];
}
