import { difference, withConfidence } from "../serve/confidence.js";
import { withModelError } from "../serve/model-error.js";
import type { ScenarioOptions } from "../serve/options.js";
import type { Outcome, Summary } from "../serve/outcome.js";
import { outcome, summary } from "../serve/outcome-of.js";
import { InputError } from "../core/check.js";
import type { AttentionMap } from "../replay/attention-map.js";
import type { ReplayResult } from "../replay/quality.js";
import { replayFacts, withQuality, type Recorded } from "../report/recorded.js";
import type { Report } from "../report/report.js";
import type { Deployment } from "./deployments.js";
import { committedErrors } from "./model-error-file.js";
import { progressLine } from "./progress.js";
import type { RequestsFile } from "./requests-file.js";
import type { Simulation } from "./simulate.js";
import { version } from "./version.js";
import { requireFolder, writeFiles, type Files } from "./write.js";

export interface OutputFlags {
  readonly json: boolean;
  readonly out: string | undefined;
  readonly svg: boolean;
  readonly png: boolean;
}

export function outputFlags(flags: Readonly<Record<string, unknown>>): OutputFlags {
  const out = flags["out"];
  if (typeof out === "string") requireFolder(out);
  const charts = flags["svg"] === true || flags["png"] === true;
  if (charts && typeof out !== "string")
    throw new InputError("--svg", "--svg and --png write into the folder given with --out");
  return {
    json: flags["json"] === true,
    out: typeof out === "string" ? out : undefined,
    svg: flags["svg"] === true,
    png: flags["png"] === true,
  };
}

/** Prints one simulation and writes its files. */
export async function outputServe(
  simulation: Simulation,
  recorded: Recorded | undefined,
  flags: OutputFlags,
  requests: readonly RequestsFile[],
): Promise<void> {
  const whole = flags.out === undefined ? undefined : withQuality(wholeOf(simulation), recorded);
  const short = whole ?? withQuality(shortOf(simulation), recorded);
  if (flags.json) printJson({ ...flat(short), ...replayed(recorded) }, [short]);
  else process.stdout.write(`${(await import("../report/text-table.js")).serveTable(short, recorded)}\n`);
  if (whole !== undefined && flags.out !== undefined) {
    const { serveReport } = await import("../report/serve-report.js");
    const files = new Map(requests.map((file) => [file.name, file]));
    await writeReport(flags.out, files, { ...whole, ...replayed(recorded) }, serveReport(whole, recorded), flags);
  }
  requireServed([short]);
}

/** Prints several simulations side by side and writes their files. */
export async function outputCompare(
  simulations: readonly Simulation[],
  recorded: Recorded | undefined,
  flags: OutputFlags,
  requests: readonly RequestsFile[],
): Promise<void> {
  const whole = flags.out !== undefined;
  const against = differences(simulations);
  const wholes = (whole ? simulations : []).map((simulation, i) => ({
    ...withQuality(wholeOf(simulation), recorded),
    ...against[i],
  }));
  const shorts = whole
    ? wholes
    : simulations.map((simulation, i) => ({ ...withQuality(shortOf(simulation), recorded), ...against[i] }));
  if (flags.json) printJson({ policies: shorts.map(flat), ...replayed(recorded) }, shorts);
  else process.stdout.write(`${(await import("../report/text-table.js")).compareTable(shorts, recorded)}\n`);
  if (flags.out !== undefined) {
    const files = new Map(requests.map((file) => [file.name, file]));
    const { compareReport } = await import("../report/compare-report.js");
    const data = { policies: wholes, ...replayed(recorded) };
    await writeReport(flags.out, files, data, compareReport(wholes, recorded), flags);
  }
  requireServed(shorts);
}

/** Prints several deployments side by side, their totals, and writes their files. */
export async function outputDeployments(
  deployments: readonly Deployment[],
  simulations: readonly Simulation[],
  flags: OutputFlags,
  requests: readonly RequestsFile[],
): Promise<void> {
  const named = <O extends Summary>(make: (simulation: Simulation) => O): readonly O[] =>
    simulations.map((simulation, i) => ({ ...make(simulation), label: deployments[i]?.name as string }));
  const { deploymentsReport, deploymentsText, totals } = await import("../report/deployments-report.js");
  const wholes = flags.out === undefined ? undefined : named(wholeOf);
  const shorts = wholes ?? named(shortOf);
  if (flags.json) printJson({ deployments: shorts.map(flat), total: totals(shorts) }, shorts);
  else process.stdout.write(`${deploymentsText(shorts)}\n`);
  if (wholes !== undefined && flags.out !== undefined) {
    const files = new Map(requests.map((file) => [file.name, file]));
    const data = { deployments: wholes, total: totals(wholes) };
    await writeReport(flags.out, files, data, deploymentsReport(wholes), flags);
  }
  requireServed(shorts);
}

/**
 * A run that serves nobody is an answer, printed and written; then it is an error as well, as with `memory` and a model
 * that does not fit: what was asked for cannot be, and a script must not go on with its zeros.
 */
function requireServed(outcomes: readonly Summary[]): void {
  for (const { label, metrics, scenario } of outcomes) {
    const { completed, failed, cancelled } = metrics;
    if (completed !== 0) continue;
    const { "max-model-len": context } = scenario as Partial<ScenarioOptions>;
    const refused = `${failed} refused, as their prompts leave no room in ${context} tokens of context`;
    const causes = [...(failed ? [refused] : []), ...(cancelled ? [`${cancelled} given up by clients`] : [])];
    throw new InputError(label, `NO REQUEST WAS SERVED: ${causes.join(", ") || "none was sent"}`);
  }
}

function wholeOf(simulation: Simulation): Outcome {
  return withUncertainty(outcome(simulation.scenario, simulation.result, version()), simulation);
}

function shortOf(simulation: Simulation): Summary {
  return withUncertainty(summary(simulation.scenario, simulation.result, version()), simulation);
}

/** How sure the figures are, if that was asked for: what chance does to them, and the model's own error. */
function withUncertainty<S extends Summary>(one: S, { evidence }: Simulation): S {
  if (evidence === undefined) return one;
  return withModelError(withConfidence(one, evidence), committedErrors(one.profile.name), evidence.level);
}

/** What each policy changes against the first, if all were simulated several times. */
function differences(simulations: readonly Simulation[]): readonly Pick<Summary, "difference">[] {
  const [first, ...others] = simulations.map(({ scenario, evidence }) => ({
    label: scenario.parts.policy.label,
    level: evidence?.level ?? NaN,
    runs: evidence !== undefined && "runs" in evidence ? evidence.runs : undefined,
  }));
  if (first?.runs === undefined) return [];
  const baseline = { label: first.label, runs: first.runs };
  return [{}, ...others.map(({ runs = [], level }) => ({ difference: difference(baseline, runs, level) }))];
}

/** What was replayed, if anything was. */
function replayed(recorded: Recorded | undefined): object {
  return recorded === undefined ? {} : { replay: replayFacts(recorded) };
}

/** Prints a replay, a table or one JSON object that says which version made it, and writes its files. */
export async function outputReplay(
  recording: string,
  result: ReplayResult,
  drawn: { readonly map: AttentionMap; readonly notes: readonly string[] } | undefined,
  flags: OutputFlags,
): Promise<void> {
  const data = { version: version(), ...result };
  const text = flags.json
    ? JSON.stringify(data, null, 2)
    : (await import("../report/replay-table.js")).replayTable(result);
  process.stdout.write(`${text}\n`);
  if (flags.out === undefined || drawn === undefined) return;
  const { replayReport } = await import("../report/replay-report.js");
  const { map, notes } = drawn;
  const files = new Map<string, string | Uint8Array>([["attention-map.json", `${JSON.stringify(map)}\n`]]);
  const report = replayReport(result, [map], { recording, version: version(), notes });
  await writeReport(flags.out, files, data, report, flags);
}

/** JSON on stdout; what nobody should overlook also on stderr. */
function printJson(value: object, outcomes: readonly Summary[]): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
  for (const { label, saturation } of outcomes) {
    if (saturation.saturated) process.stderr.write(`raas-sim: ${label}: ${saturation.message}\n`);
  }
}

/** Writes result.json, the report, and its charts as pictures where they are asked for. */
export async function writeReport(
  folder: string,
  given: Files,
  data: object,
  report: Report,
  flags: OutputFlags,
): Promise<void> {
  const { renderHtml } = await import("../report/html.js");
  const { readRuntime } = await import("../report/runtime.js");
  const files = new Map(given);
  files.set("result.json", `${JSON.stringify(data, null, 2)}\n`);
  files.set("report.html", await renderHtml(report, readRuntime()));
  if (flags.svg || flags.png) {
    const { renderSvg } = await import("../report/svg.js");
    const line = progressLine("charts");
    for (const [drawn, chart] of report.charts.entries()) {
      line.update(() => `${drawn} of ${report.charts.length} are drawn`);
      const svg = await renderSvg(chart);
      if (flags.svg) files.set(`charts/${chart.name}.svg`, svg);
      if (flags.png) files.set(`charts/${chart.name}.png`, await (await import("../report/png.js")).renderPng(svg));
    }
    line.end();
  }
  for (const path of writeFiles(folder, files)) process.stderr.write(`wrote ${path}\n`);
}

/** vLLM's benchmark writes its figures at the top level: so do we, the rest beside them. */
function flat(short: Summary): object {
  const { metrics, ...rest } = short;
  return { ...metrics, ...rest };
}
