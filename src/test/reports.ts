import { fileURLToPath } from "node:url";
import { scenarioOptions } from "../cli/flags.js";
import { replayRecorded } from "../cli/recorded.js";
import { resolve, resolveProfile } from "../cli/resolve.js";
import { simulate, type Simulation } from "../cli/simulate.js";
import { PACKAGE, version } from "../cli/version.js";
import { compareReport } from "../report/compare-report.js";
import { replayFacts, withQuality, type Judged } from "../report/recorded.js";
import type { Chart } from "../report/report.js";
import { serveReport } from "../report/serve-report.js";
import { thin } from "../report/thin.js";
import { validateReport } from "../report/validate-report.js";
import type { Outcome } from "../serve/outcome.js";
import { outcome } from "../serve/outcome-of.js";
import { CASES } from "../validate/cases.js";
import { validation, validationData, type Validation } from "../validate/validation.js";

/** The folders of `reports/`: what their scenario.yaml gives is committed beside it, and compared in golden.test.ts. */
export const REPORTS = ["reasoning-policies", "production-h100", "decode-length"] as const;
export type ReportName = (typeof REPORTS)[number];

export interface GoldenReport {
  readonly simulations: readonly Simulation[];
  readonly outcomes: readonly Judged<Outcome>[];
  readonly charts: readonly Chart[]; // as a reader's report has them
  readonly result: object; // what result.json holds: figures, scenario, sources
  readonly chartData: Readonly<Record<string, object>>; // what charts.json holds
}

export function reportFolder(name: ReportName | "validation"): string {
  return fileURLToPath(new URL(`reports/${name}/`, PACKAGE));
}

/** Runs the scenario of a committed report again. */
export async function regenerate(name: ReportName): Promise<GoldenReport> {
  return reportOf(`${reportFolder(name)}scenario.yaml`);
}

/** What a scenario file gives, one policy or several. */
export async function reportOf(scenario: string): Promise<GoldenReport> {
  const options = await scenarioOptions({ scenario });
  const resolved = await resolve(options);
  const { policies, recorded } =
    options.trace === undefined
      ? { policies: resolved.policies, recorded: undefined }
      : await replayRecorded(options.trace, resolved.policies, options.seed);
  const simulations: Simulation[] = [];
  for (const policy of policies) simulations.push(await simulate(options, resolved, policy));
  const outcomes = simulations.map(({ scenario, result }) =>
    withQuality(outcome(scenario, result, version()), recorded),
  );
  const [only] = outcomes.length === 1 ? outcomes : [];
  const { charts } = only === undefined ? compareReport(outcomes, recorded) : serveReport(only, recorded);
  return {
    simulations,
    outcomes,
    charts,
    result: rounded({
      policies: outcomes.map(figures),
      ...(recorded === undefined ? {} : { replay: replayFacts(recorded) }),
    }),
    chartData: rounded(Object.fromEntries(charts.map(committed))),
  };
}

/** What `reports/validation` holds: every measured run, simulated again. */
export function regenerateValidation(): Omit<GoldenReport, "simulations" | "outcomes"> & {
  readonly found: Validation;
} {
  const found = validation(CASES, resolveProfile);
  const { scored, targets, publications } = found;
  const data = validationData(found, version());
  const { charts } = validateReport(scored, targets, publications, { version: version(), data });
  return { found, charts, result: rounded(data), chartData: rounded(Object.fromEntries(charts.map(committed))) };
}

/** Without the charts' data, which charts.json has, and without single steps and heads of a replay. */
function figures({
  latency: _latency,
  series: _series,
  operators: _operators,
  decodeCurve: _curve,
  quality,
  ...rest
}: Judged<Outcome>): object {
  if (quality === undefined) return rest;
  const { steps: _steps, layers: _layers, ...overall } = quality;
  return { ...rest, quality: overall };
}

const ROWS_OF_A_LINE = 120;

/** A chart with the rows of each of its lines thinned alike; what is named in words tells lines apart. */
function committed({ name, title, caption, spec, rows }: Chart): [string, object] {
  const lines = new Map<string, object[]>();
  for (const row of rows) {
    const key = Object.values(row)
      .filter((value) => typeof value === "string")
      .join("|");
    lines.set(key, [...(lines.get(key) ?? []), row]);
  }
  return [name, { title, caption, spec, rows: [...lines.values()].flatMap((line) => thin(line, ROWS_OF_A_LINE)) }];
}

const DIGITS = 9; // of the 16 a double has: the rest is noise of the last operation

function rounded<T>(value: T): T {
  const text = JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "number" && Number.isFinite(inner) ? Number(inner.toPrecision(DIGITS)) : inner,
  );
  return JSON.parse(text) as T;
}
