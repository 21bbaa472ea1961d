import { total, type Line } from "../core/line.js";
import { SeriesSample } from "../core/quantile.js";
import type { Metrics } from "./outcome.js";
import type { Goals } from "./goodput.js";
import { FIELDS, WIDTH } from "./run-log.js";
import type { Scenario } from "./scenario.js";
import { questionLatencies } from "./question-latency.js";
import type { ServeResult } from "./serve.js";
import { budgetMetrics } from "./thinking-metrics.js";

/** Latencies of the completed requests, in seconds; ITL over all gaps of all requests, exact over runs. */
export interface Latencies {
  readonly ttft: SeriesSample;
  readonly tpot: SeriesSample; // of requests with at least two tokens
  readonly itl: SeriesSample;
  readonly e2el: SeriesSample;
  readonly best_of_e2el?: SeriesSample; // to the end of the last sample of a question, where there are several
  readonly ttfa: SeriesSample; // to the first answer token, of requests that reason and answer
}

export function latencies(result: ServeResult): Latencies {
  const { requests, logs } = result;
  const samples = {
    ttft: new SeriesSample(),
    tpot: new SeriesSample(),
    e2el: new SeriesSample(),
    ttfa: new SeriesSample(),
  };
  for (let id = 0; id < requests.length; id++) {
    const request = requestTimes(result, id);
    if (request === undefined) continue;
    samples.ttft.add(request.ttft, 0, 1, 1);
    samples.e2el.add(request.e2el, 0, 1, 1);
    if (!Number.isNaN(request.tpot)) samples.tpot.add(request.tpot, 0, 1, 1);
    if (!Number.isNaN(request.ttfa)) samples.ttfa.add(request.ttfa, 0, 1, 1);
  }
  const questions = questionLatencies(result);
  return {
    ...samples,
    itl: merged(logs.map((log) => log.gaps)),
    ...(questions.count === 0 ? {} : { best_of_e2el: questions }),
  };
}

/** One sample of all; that of a single replica is not copied. */
function merged(samples: readonly SeriesSample[]): SeriesSample {
  const [first, ...others] = samples;
  if (first !== undefined && others.length === 0) return first;
  const all = new SeriesSample();
  for (const sample of samples) all.addAll(sample);
  return all;
}

interface RequestTimes {
  readonly ttft: number;
  readonly tpot: number; // (E2E - TTFT) / (output - 1), as vLLM's benchmark; NaN for one token
  readonly e2el: number;
  readonly ttfa: number; // NaN unless the request reasons and answers
}

/** Latencies of one request in seconds; undefined if the engine refused it. */
export function requestTimes({ requests }: ServeResult, id: number): RequestTimes | undefined {
  const end = requests.end[id] as number;
  if (Number.isNaN(end)) return undefined;
  const spec = requests.specs[id] as { outputTokens: number; reasoningTokens: number };
  const sent = requests.sent[id] as number;
  const first = requests.firstToken[id] as number;
  return {
    ttft: first - sent,
    tpot: spec.outputTokens > 1 ? (end - first) / (spec.outputTokens - 1) : NaN,
    e2el: end - sent,
    ttfa: spec.reasoningTokens > 0 ? (requests.firstAnswer[id] as number) - sent : NaN,
  };
}

/** All figures of a run under the names of vLLM's benchmark (benchmarks/serve.py), and ours in the same style. */
export function metrics(scenario: Scenario, result: ServeResult, samples: Latencies): Metrics {
  const traffic = trafficMetrics(scenario, result);
  const values: Record<string, number | null> = { ...traffic };
  for (const [name, sample] of Object.entries(samples) as [string, SeriesSample][])
    latencyMetrics(values, name, sample);
  return {
    ...values,
    ...engineMetrics(scenario, result),
    ...energyMetrics(scenario, result),
    ...budgetMetrics(scenario, result),
  };
}

function trafficMetrics(scenario: Scenario, result: ServeResult): Record<string, number | null> {
  let completed = 0;
  let input = 0;
  let output = 0;
  let reasoning = 0;
  let good = 0;
  let start = Infinity;
  const { requests } = result;
  for (let id = 0; id < requests.length; id++) {
    const spec = requests.specs[id];
    if (spec === undefined || Number.isNaN(requests.end[id])) continue;
    completed++;
    input += spec.promptTokens;
    output += spec.outputTokens;
    reasoning += spec.reasoningTokens;
    start = Math.min(start, requests.sent[id] as number);
    if (scenario.goals !== undefined && meets(result, id, scenario.goals)) good++;
  }
  const duration = completed === 0 ? 0 : result.end - start;
  const perSecond = (amount: number): number => (duration === 0 ? 0 : amount / duration);
  return {
    duration,
    completed,
    failed: result.failed,
    truncated: result.truncated,
    total_input_tokens: input,
    total_output_tokens: output,
    total_reasoning_tokens: reasoning,
    total_answer_tokens: output - reasoning,
    request_throughput: perSecond(completed),
    request_goodput: scenario.goals === undefined ? null : perSecond(good),
    output_throughput: perSecond(output),
    total_token_throughput: perSecond(input + output),
  };
}

function meets(result: ServeResult, id: number, goals: Goals): boolean {
  const times = requestTimes(result, id);
  if (times === undefined) return false;
  const tpot = Number.isNaN(times.tpot) ? 0 : times.tpot; // a single token has no gap to be late in
  const within = (seconds: number, goal: number | undefined): boolean => goal === undefined || seconds * 1000 <= goal;
  // The mean gap of one request is its TPOT.
  return (
    within(times.ttft, goals.ttft) &&
    within(tpot, goals.tpot) &&
    within(tpot, goals.itl) &&
    within(times.e2el, goals.e2el)
  );
}

function latencyMetrics(values: Record<string, number | null>, name: string, sample: SeriesSample): void {
  const ms = (seconds: number): number | null => (Number.isNaN(seconds) ? null : seconds * 1000);
  const [p50, p90, p95, p99] = sample.quantiles([0.5, 0.9, 0.95, 0.99]).map(ms);
  Object.assign(values, {
    [`mean_${name}_ms`]: ms(sample.mean()),
    [`median_${name}_ms`]: p50,
    [`std_${name}_ms`]: ms(sample.standardDeviation()),
    [`p50_${name}_ms`]: p50,
    [`p90_${name}_ms`]: p90,
    [`p95_${name}_ms`]: p95,
    [`p99_${name}_ms`]: p99,
  });
}

function engineMetrics(scenario: Scenario, result: ServeResult): Record<string, number> {
  const { totals, logs, requests } = result;
  const sum = (pick: (total: (typeof totals)[number]) => number): number =>
    totals.reduce((all, one) => all + pick(one), 0);
  const layers = scenario.parts.model.layers;
  const peak = Math.max(0, ...totals.map((total) => total.peakLayerBlocks));
  let running = 0;
  let waiting = 0;
  let start = Infinity;
  for (let id = 0; id < requests.length; id++) {
    if (Number.isNaN(requests.end[id])) continue;
    running += (requests.end[id] as number) - (requests.admitted[id] as number);
    waiting += (requests.admitted[id] as number) - (requests.sent[id] as number) - scenario.frontEndSeconds;
    start = Math.min(start, requests.sent[id] as number);
  }
  const duration = result.end - start;
  const mean = (seconds: number): number => (duration > 0 ? Math.max(0, seconds / duration) : 0);
  return {
    max_output_tokens_per_s: busiestSecond(result),
    max_concurrent_requests: mostInFlight(result),
    mean_running_requests: mean(running),
    mean_waiting_requests: mean(waiting),
    preemptions: sum((total) => total.preemptions),
    recomputed_tokens: sum((total) => total.recomputedTokens),
    peak_kv_blocks: peak / layers,
    peak_kv_share: peak / (scenario.memory.kv_blocks * layers),
    kv_cache_tokens: scenario.memory.kv_blocks * scenario.memory.block_tokens,
    iterations: sum((total) => total.iterations),
    runs: logs.reduce((all, log) => all + log.length, 0),
  };
}

/** Largest number of requests sent and not ended. */
function mostInFlight({ requests }: ServeResult): number {
  const ends: number[] = [];
  const starts: number[] = [];
  for (let id = 0; id < requests.length; id++) {
    if (Number.isNaN(requests.end[id])) continue;
    starts.push(requests.sent[id] as number);
    ends.push(requests.end[id] as number);
  }
  const sorted = Float64Array.from(starts).sort();
  const done = Float64Array.from(ends).sort();
  let most = 0;
  for (let i = 0, left = 0; i < sorted.length; i++) {
    while (left < done.length && (done[left] as number) <= (sorted[i] as number)) left++;
    most = Math.max(most, i + 1 - left);
  }
  return most;
}

/** Most output tokens in any whole second of the clock, all replicas together. */
function busiestSecond({ logs, end }: ServeResult): number {
  const seconds = new Float64Array(Math.max(1, Math.ceil(end) + 1));
  for (const { values, length } of logs) {
    for (let row = 0; row < length; row++) {
      const at = row * WIDTH;
      const emitted = values[at + FIELDS.emitted]!;
      if (emitted === 0) continue;
      const start = values[at + FIELDS.start]!;
      const line = { now: values[at + FIELDS.now]!, perStep: values[at + FIELDS.perStep]! };
      const steps = values[at + FIELDS.steps]!;
      const first = Math.floor(start + line.now);
      if (start + total(line, steps) < first + 1)
        seconds[first]! += steps * emitted; // all in one second, the usual case
      else spread(seconds, start, line, steps, emitted);
    }
  }
  return seconds.reduce((a, b) => Math.max(a, b), 0);
}

/** Adds the tokens of a run to the seconds in which its iterations end. */
function spread(seconds: Float64Array, start: number, line: Line, steps: number, emitted: number): void {
  let done = 0;
  for (let second = Math.floor(start + line.now); done < steps; second++) {
    let low = done;
    let high = steps; // most iterations that end before second + 1
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (start + total(line, middle) < second + 1) low = middle;
      else high = middle - 1;
    }
    seconds[second]! += (low - done) * emitted;
    done = low;
  }
}

/**
 * Power = idle + (peak - idle) · share of the time that memory traffic at peak bandwidth and FLOPs at peak rate would
 * take; a first guess, within 15 % of published H100 averages at batch 8-16 (ml-energy/leaderboard 0cd52dab). Money:
 * list price or the user's, for every GPU from the first request to the last token.
 */
function energyMetrics(scenario: Scenario, result: ServeResult): Record<string, number | null> {
  const { profile } = scenario.parts;
  const gpus = scenario.replicas * scenario.options.tp;
  const start = firstSent(result);
  const duration = Math.max(0, result.end - start);
  let busy = 0; // GPU seconds at full power
  let output = 0;
  for (const total of result.totals) {
    const floor = scenario.engine.cost.floor(total);
    const engine = total.operatorSeconds.reduce((a, b) => a + b, 0);
    busy += scenario.options.tp * Math.min(engine, floor.memorySeconds + floor.computeSeconds);
    output += total.emitted;
  }
  const energy = gpus * duration * profile.idlePowerW + busy * (profile.peakPowerW - profile.idlePowerW);
  const hours = (gpus * duration) / 3600;
  const cost = hours * scenario.pricePerHour;
  return {
    energy_j: energy,
    mean_power_w: duration === 0 ? 0 : energy / duration / gpus,
    energy_per_output_token_j: output === 0 ? null : energy / output,
    gpu_hours: hours,
    cost_usd: cost,
    cost_per_million_output_tokens_usd: output === 0 ? null : (cost / output) * 1e6,
  };
}

function firstSent({ requests, end }: ServeResult): number {
  let first = end;
  for (let id = 0; id < requests.length; id++) {
    if (!Number.isNaN(requests.end[id])) first = Math.min(first, requests.sent[id] as number);
  }
  return first;
}
