import type { SeriesSample } from "../core/quantile.js";
import { OPERATORS } from "../cost/cost-model.js";
import { decodeCurve } from "./decode-curve.js";
import { latencies, metrics, type Latencies } from "./metrics.js";
import type { LatencyMetric, LatencyPoint, OperatorShare, Outcome, Summary } from "./outcome.js";
import { saturation } from "./saturation.js";
import type { Scenario } from "./scenario.js";
import type { ServeResult } from "./serve.js";
import { tenantFigures } from "./tenant-figures.js";
import { timeSeries } from "./time-series.js";

/** The figures alone. */
export function summary(
  scenario: Scenario,
  result: ServeResult,
  version: string,
  samples = latencies(result),
): Summary {
  const { profile, policy, workload, model } = scenario.parts;
  const notes = [...scenario.notes];
  const tenants = tenantFigures(scenario, result);
  if (result.failed > 0)
    notes.push(
      `Refused, because the prompt leaves no room in ${scenario.maxModelTokens} tokens of context: ${result.failed} requests.`,
    );
  if (result.truncated > 0)
    notes.push(`Outputs cut at the context of ${scenario.maxModelTokens} tokens: ${result.truncated}.`);
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
    },
    profile: { name: profile.name, kind: profile.kind, sources: profile.sources },
    ...(workload.lengthChange === undefined ? {} : { lengthChange: workload.lengthChange }),
    metrics: metrics(scenario, result, samples),
    ...(tenants === undefined ? {} : { tenants }),
    saturation: saturation(result),
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
    const sample: SeriesSample = samples[metric];
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
function typicalRequest({ requests }: ServeResult): { promptTokens: number; outputTokens: number } {
  const prompts = requests.specs.map((spec) => spec.promptTokens).sort((a, b) => a - b);
  const longest = requests.specs.reduce((most, spec) => Math.max(most, spec.outputTokens), 2);
  return { promptTokens: prompts[prompts.length >> 1] ?? 1, outputTokens: longest };
}
