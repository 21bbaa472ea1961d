import { InputError } from "../core/check.js";
import { RELATIVE_ERROR } from "../core/quantile-sketch.js";
import type { Sample } from "../core/quantile.js";
import { OPERATORS } from "../cost/cost-model.js";
import { EXACT_REQUESTS } from "./books.js";
import { decodeCurve } from "./decode-curve.js";
import { latencies, metrics, type Latencies } from "./metrics.js";
import type { LatencyMetric, LatencyPoint, OperatorShare, Outcome, Summary } from "./outcome.js";
import { patienceNotes } from "./patience-metrics.js";
import { saturation } from "./saturation.js";
import type { Scenario } from "./scenario.js";
import type { ServeResult } from "./serve.js";
import { timeSeries } from "./time-series.js";

/** The figures alone. */
export function summary(
  scenario: Scenario,
  result: ServeResult,
  version: string,
  samples = latencies(result),
): Summary {
  const { profile, policy, workload, model } = scenario.parts;
  const { title, host, copiesCache, sources } = scenario.enginePreset;
  const engine = { title, host, copiesCache, sources };
  const notes = [...scenario.notes];
  const tenants = scenario.workload.tenants?.map((tenant) => result.books.tally.tenants.figures(tenant));
  if (result.failed > 0)
    notes.push(
      `Refused, because the prompt leaves no room in ${scenario.maxModelTokens} tokens of context: ${result.failed} requests.`,
    );
  if (result.truncated > 0)
    notes.push(`Outputs cut at the context of ${scenario.maxModelTokens} tokens: ${result.truncated}.`);
  notes.push(...patienceNotes(scenario, result));
  const sketched = result.books.windows !== undefined;
  if (sketched)
    notes.push(
      `More than ${EXACT_REQUESTS} requests: percentiles come from a sketch and are within ${RELATIVE_ERROR * 100} % of the exact ones; sums, means and peaks are exact.`,
    );
  const { warmedUp, completed, lastSent } = result.books.tally;
  const seconds = scenario.warmupSeconds;
  const rule = scenario.options.warmup === "mser-5" ? scenario.options.warmup : undefined;
  if (seconds > 0 && completed === 0 && warmedUp > 0)
    throw new InputError("warmup", `${seconds} s leave nothing to measure: the last request was sent at ${lastSent} s`);
  if (seconds > 0)
    notes.push(
      `Warm-up of ${Number(seconds.toFixed(3))} s${rule === undefined ? "" : " by MSER-5"}: the ${warmedUp} requests sent in it are served and left out of latencies, rates and goodput; peaks, engine totals, energy and cost are those of the whole run.`,
    );
  return {
    label: policy.label,
    policy: policy.name,
    version,
    seed: scenario.seed,
    scenario: {
      ...scenario.options,
      "max-model-len": scenario.maxModelTokens,
      policy: policy.name,
    },
    resolved: {
      model: { name: model.name, source: model.source },
      policy: {
        name: policy.name,
        parameters: policy.parameters,
        denseLayers: policy.denseLayers,
        source: policy.source,
      },
      workload: { name: workload.name, source: workload.source },
      price_per_gpu_hour_usd: scenario.pricePerHour,
      front_end_s: scenario.frontEndSeconds,
      engine: { name: scenario.options.engine, ...engine },
    },
    profile: { name: profile.name, kind: profile.kind, sources: profile.sources },
    ...(workload.lengthChange === undefined ? {} : { lengthChange: workload.lengthChange }),
    metrics: metrics(scenario, result, samples),
    ...(tenants === undefined ? {} : { tenants }),
    percentiles: sketched
      ? { method: "sketch", relative_error: RELATIVE_ERROR }
      : { method: "exact", relative_error: 0 },
    ...(seconds === 0 && rule === undefined
      ? {}
      : { warmup: { seconds, requests: warmedUp, ...(rule === undefined ? {} : { rule }) } }),
    saturation: saturation(scenario, result),
    memory: scenario.memory,
    notes,
  };
}

/** Everything, charts' data included. */
export function outcome(scenario: Scenario, result: ServeResult, version: string): Outcome {
  const samples = latencies(result);
  const typical = typicalRequest(result);
  return {
    ...summary(scenario, result, version, samples),
    latency: latencyCurves(samples),
    series: timeSeries(scenario, result),
    operators: operators(result),
    decodeCurve: decodeCurve(scenario, typical.promptTokens, typical.outputTokens),
  };
}

const CURVE_POINTS = 100;

function latencyCurves(samples: Latencies): readonly LatencyPoint[] {
  const points: LatencyPoint[] = [];
  for (const metric of ["ttft", "tpot", "itl", "e2el"] as const satisfies readonly LatencyMetric[]) {
    const sample: Sample = samples[metric];
    if (sample.count === 0) continue;
    const shares = Array.from({ length: CURVE_POINTS }, (_, i) => (i + 1) / CURVE_POINTS);
    sample
      .quantiles(shares)
      .forEach((seconds, i) => points.push({ metric, share: shares[i] as number, ms: seconds * 1000 }));
  }
  return points;
}

function operators({ totals }: ServeResult): readonly OperatorShare[] {
  const seconds = OPERATORS.map((_, i) => totals.reduce((sum, total) => sum + (total.operatorSeconds[i] ?? 0), 0));
  const whole = seconds.reduce((a, b) => a + b, 0);
  return OPERATORS.map((operator, i) => ({
    operator,
    seconds: seconds[i] as number,
    share: whole === 0 ? 0 : (seconds[i] as number) / whole,
  }));
}

/** Median prompt and longest output: the sequence whose decode curve is drawn. */
function typicalRequest({ books: { tally } }: ServeResult): { promptTokens: number; outputTokens: number } {
  const { prompts, longestOutput } = tally;
  const upperMiddle = ((prompts.count >> 1) + 0.5) / prompts.count;
  return { promptTokens: Math.round(prompts.quantile(upperMiddle)) || 1, outputTokens: longestOutput };
}
