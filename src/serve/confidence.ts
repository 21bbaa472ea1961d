import { meanInterval } from "../statistics/interval.js";
import type { BatchedLatencies } from "./batched-latencies.js";
import type { Difference, Interval, Metrics, Summary } from "./outcome.js";

/** What one of several runs with other seeds gave. */
export interface Replication {
  readonly seed: number;
  readonly metrics: Metrics;
  readonly saturated: boolean;
}

/** What intervals of a level are made of: runs with seeds of their own, the first of them shown, or batches of one run. */
export type Evidence =
  | { readonly level: number; readonly runs: readonly Replication[] }
  | { readonly level: number; readonly batches: BatchedLatencies };

/** What depends on how long the run is where the queue grows without end. */
export const STEADY_STATE = /_ms$|^mean_(running|waiting)_requests$|^request_goodput$/;
const NO_STEADY_STATE =
  "No steady state: a longer run would have longer latencies, so intervals of latencies would mean nothing and are left out.";

/** The figures with their intervals; of replications, the means over them. */
export function withConfidence<S extends Summary>(one: S, evidence: Evidence): S {
  const { level } = evidence;
  return "runs" in evidence ? ofReplications(one, evidence.runs, level) : ofBatches(one, evidence.batches, level);
}

function ofReplications<S extends Summary>(one: S, runs: readonly Replication[], level: number): S {
  const saturated = runs.filter((run) => run.saturated).length;
  const metrics: Record<string, number | null> = {};
  const intervals: Record<string, Interval> = {};
  const missing: string[] = [];
  for (const key of Object.keys(one.metrics)) {
    const values = runs.map((run) => run.metrics[key]).filter((value) => typeof value === "number");
    if (values.length < runs.length) {
      metrics[key] = null; // a mean over those that have it would be of other loads than the rest
      if (values.length > 0) missing.push(key);
      continue;
    }
    const { mean, half } = meanInterval(values, level);
    metrics[key] = mean;
    if (saturated === 0 || !STEADY_STATE.test(key)) intervals[key] = [mean - half, mean + half];
  }
  return {
    ...one,
    metrics,
    saturation: saturated === 0 ? one.saturation : someSaturated(one.saturation, saturated, runs.length),
    confidence: { level, method: "replications", replications: runs.length, seeds: runs.map(({ seed }) => seed) },
    confidence_intervals: intervals,
    notes: [
      ...one.notes,
      `Figures are means over ${runs.length} runs with seeds of their own; ± is half the width of the ${percent(level)} confidence interval (Student t). Charts, tenants, single requests, and what the notes count, are of the first run.`,
      ...(saturated === 0 ? [] : [NO_STEADY_STATE]),
      ...(missing.length === 0 ? [] : [`Not in every run, so without a mean: ${missing.join(", ")}.`]),
    ],
  };
}

function someSaturated(first: Summary["saturation"], saturated: number, runs: number): Summary["saturation"] {
  if (first.saturated) return { saturated: true, message: `${first.message} So are ${saturated} of ${runs} runs.` };
  return {
    saturated: true,
    message: `SATURATED in ${saturated} of ${runs} runs, not in the first: the load is at the edge of what can be served.`,
  };
}

function ofBatches<S extends Summary>(one: S, batched: BatchedLatencies, level: number): S {
  const { intervals, batches, few, correlated } = batched.intervals(one.metrics, level);
  const { saturated } = one.saturation;
  const used = batches.length === 0 ? "" : ` of ${batches.join(" or ")} batches`;
  const notes = saturated
    ? [NO_STEADY_STATE]
    : [
        `± is half the width of the ${percent(level)} confidence interval of a latency by batch means${used} of requests in the order they are sent (means and percentiles; between tokens only the mean). Throughput, energy and cost have intervals with --replications.`,
        ...(few.length === 0 ? [] : [`Too few requests for an interval by batch means: ${few.join(", ")}.`]),
        ...(correlated.length === 0
          ? []
          : [
              `No interval, because even the largest batches depend on each other (von Neumann ratio): ${correlated.join(", ")}. A longer run or --replications gives one.`,
            ]),
      ];
  return {
    ...one,
    confidence: { level, method: "batch-means", batches: saturated ? [] : batches },
    confidence_intervals: saturated ? {} : intervals,
    notes: [...one.notes, ...notes],
  };
}

/** How figures differ from a baseline's over the same requests, run by run; latencies only where none is saturated. */
export function difference(
  baseline: { readonly label: string; readonly runs: readonly Replication[] },
  runs: readonly Replication[],
  level: number,
): Difference {
  const saturated = [...baseline.runs, ...runs].some((run) => run.saturated);
  const changes: Record<string, Difference["changes"][string]> = {};
  for (const key of Object.keys(runs[0]?.metrics ?? {})) {
    if (saturated && STEADY_STATE.test(key)) continue;
    const pairs = runs.map((run, i) => [run.metrics[key], baseline.runs[i]?.metrics[key]] as const);
    if (!pairs.every((pair): pair is readonly [number, number] => pair.every((value) => typeof value === "number")))
      continue;
    const { mean, half } = meanInterval(
      pairs.map(([value, base]) => value - base),
      level,
    );
    const relative = pairs.some(([, base]) => base === 0)
      ? undefined
      : meanInterval(
          pairs.map(([value, base]) => value / base - 1),
          level,
        );
    changes[key] = {
      change: mean,
      interval: [mean - half, mean + half],
      relative_change: relative?.mean ?? null,
      relative_interval: relative === undefined ? null : [relative.mean - relative.half, relative.mean + relative.half],
      significant: Math.abs(mean) > half,
    };
  }
  return { baseline: baseline.label, changes };
}

function percent(level: number): string {
  return `${Number((level * 100).toPrecision(6))} %`;
}
