import type { Summary } from "../serve/outcome.js";
import { outcome, summary } from "../serve/outcome-of.js";
import { InputError } from "../core/check.js";
import type { Report } from "../report/report.js";
import { progressLine } from "./progress.js";
import { requestsParquet } from "./requests-parquet.js";
import type { Simulation } from "./simulate.js";
import { version } from "./version.js";
import { writeFiles } from "./write.js";

export interface OutputFlags {
  readonly json: boolean;
  readonly out: string | undefined;
  readonly svg: boolean;
  readonly png: boolean;
}

export function outputFlags(flags: Readonly<Record<string, unknown>>): OutputFlags {
  const out = flags["out"];
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
export async function outputServe(simulation: Simulation, flags: OutputFlags): Promise<void> {
  const { scenario, result } = simulation;
  const whole = flags.out === undefined ? undefined : outcome(scenario, result, version());
  const short = whole ?? summary(scenario, result, version());
  if (flags.json) printJson(flat(short), [short]);
  else process.stdout.write(`${(await import("../report/text-table.js")).serveTable(short)}\n`);
  if (whole === undefined || flags.out === undefined) return;
  const { serveReport } = await import("../report/serve-report.js");
  const files = new Map<string, string | Uint8Array>([["requests.parquet", await requestsParquet(result)]]);
  await write(flags.out, files, whole, serveReport(whole), flags);
}

/** Prints several simulations side by side and writes their files. */
export async function outputCompare(simulations: readonly Simulation[], flags: OutputFlags): Promise<void> {
  const wholes =
    flags.out === undefined ? [] : simulations.map(({ scenario, result }) => outcome(scenario, result, version()));
  const shorts =
    flags.out === undefined ? simulations.map(({ scenario, result }) => summary(scenario, result, version())) : wholes;
  if (flags.json) printJson({ policies: shorts.map(flat) }, shorts);
  else process.stdout.write(`${(await import("../report/text-table.js")).compareTable(shorts)}\n`);
  if (flags.out === undefined) return;
  const files = new Map<string, string | Uint8Array>();
  for (const { scenario, result } of simulations) {
    files.set(`requests-${fileName(scenario.parts.policy.name)}.parquet`, await requestsParquet(result));
  }
  const { compareReport } = await import("../report/compare-report.js");
  await write(flags.out, files, { policies: wholes }, compareReport(wholes), flags);
}

/** JSON on stdout; what nobody should overlook also on stderr. */
function printJson(value: object, outcomes: readonly Summary[]): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
  for (const { label, saturation } of outcomes) {
    if (saturation.saturated) process.stderr.write(`raas-sim: ${label}: ${saturation.message}\n`);
  }
}

async function write(
  folder: string,
  files: Map<string, string | Uint8Array>,
  data: object,
  report: Report,
  flags: OutputFlags,
): Promise<void> {
  const { renderHtml } = await import("../report/html.js");
  const { readRuntime } = await import("../report/runtime.js");
  files.set("result.json", `${JSON.stringify(data, null, 2)}\n`);
  files.set("report.html", await renderHtml(report, readRuntime()));
  if (flags.svg || flags.png) {
    const { renderSvg } = await import("../report/svg.js");
    const line = progressLine("charts");
    for (const [drawn, chart] of report.charts.entries()) {
      line.update(`${drawn} of ${report.charts.length} are drawn`);
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

function fileName(name: string): string {
  return name.replace(/[^a-z0-9.=-]+/gi, "-");
}
