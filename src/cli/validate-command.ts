import { InputError } from "../core/check.js";
import type { MeasuredCase } from "../validate/case.js";
import { CASES } from "../validate/cases.js";
import { predict } from "../validate/predict.js";
import { score, targetResults, type ScoredCase } from "../validate/score.js";
import type { Flags } from "./flags.js";
import { outputFlags } from "./output.js";
import { progressLine } from "./progress.js";
import { resolveProfile } from "./resolve.js";
import { version } from "./version.js";

export async function runValidate(flags: Flags): Promise<void> {
  const output = outputFlags(flags);
  const scored = scoreCases(chosen(flags["cases"]));
  const targets = targetResults(scored);
  const data = { version: version(), targets, cases: scored.map(caseResult) };
  if (output.json) process.stdout.write(`${JSON.stringify(data, null, 2)}\n`);
  else {
    const { validateTable } = await import("../report/validate-table.js");
    process.stdout.write(`${validateTable(scored, targets)}\n`);
  }
}

/** Cases whose names begin with one of the texts given; all of them if none is. */
function chosen(given: unknown): readonly MeasuredCase[] {
  const beginnings = Array.isArray(given) ? given.map(String) : [];
  if (beginnings.length === 0) return CASES;
  for (const beginning of beginnings) {
    if (CASES.some(({ name }) => name.startsWith(beginning))) continue;
    const known = [...new Set(CASES.map(({ name }) => name.split("/").slice(0, 2).join("/")))];
    throw new InputError("cases", `no case begins with "${beginning}"; they begin with ${known.join(", ")}`);
  }
  return CASES.filter(({ name }) => beginnings.some((beginning) => name.startsWith(beginning)));
}

function scoreCases(cases: readonly MeasuredCase[]): readonly ScoredCase[] {
  const line = progressLine("validate");
  const scored = cases.map((each, i) => {
    line.update(`${i} of ${cases.length} cases`);
    return score(each, predict(each, resolveProfile));
  });
  line.end();
  return scored;
}

/** What result.json says of a case. */
function caseResult({ measuredCase, comparisons }: ScoredCase): object {
  const { name, publication, run, target, options } = measuredCase;
  return { name, publication, run, target, options, comparisons };
}
