import type { Sample } from "../core/quantile.js";
import type { WorkTotals } from "../cost/cost-model.js";
import type { Metrics } from "./outcome.js";
import { patienceMetrics } from "./patience-metrics.js";
import type { Scenario } from "./scenario.js";
import type { ServeResult } from "./serve.js";
import { budgetMetrics } from "./thinking-metrics.js";

/** Latencies of the completed requests, in seconds; ITL over all gaps of all requests, exact over runs. */
export type Latencies = Readonly<Record<"ttft" | "tpot" | "e2el" | "ttfa" | "itl", Sample>> & {
  readonly best_of_e2el?: Sample; // to the end of the last sample of a question, where there are several
};

export function latencies({ books }: ServeResult): Latencies {
  const { ttft, tpot, e2el, ttfa, questions } = books.tally;
  const bestOf = questions.latencies.count === 0 ? {} : { best_of_e2el: questions.latencies };
  return { ttft, tpot, e2el, ttfa, itl: books.itl, ...bestOf };
}

/** All figures of a run under the names of vLLM's benchmark (benchmarks/serve.py), and ours in the same style. */
export function metrics(scenario: Scenario, result: ServeResult, samples: Latencies): Metrics {
  const traffic = trafficMetrics(scenario, result);
  const values: Record<string, number | null> = { ...traffic };
  for (const [name, sample] of Object.entries(samples)) latencyMetrics(values, name, sample);
  return {
    ...values,
    ...engineMetrics(scenario, result),
    ...energyMetrics(scenario, result),
    ...budgetMetrics(scenario, result),
    ...patienceMetrics(scenario, result),
  };
}

function trafficMetrics(scenario: Scenario, result: ServeResult): Record<string, number | null> {
  const { completed, input, output, reasoning, good, start } = result.books.tally;
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

function latencyMetrics(values: Record<string, number | null>, name: string, sample: Sample): void {
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

function engineMetrics(scenario: Scenario, result: ServeResult): Record<string, number | null> {
  const { totals, logs, books } = result;
  const sum = (pick: (total: (typeof totals)[number]) => number): number =>
    totals.reduce((all, one) => all + pick(one), 0);
  const { num_gpu_blocks, layers_per_block, kv_cache_tokens } = scenario.memory;
  const peak = Math.max(0, ...totals.map((total) => total.peakLayerBlocks));
  const [queries, hits] = [sum((total) => total.cacheQueries), sum((total) => total.cacheHits)]; // tokens
  const { running, waiting, start } = books.tally;
  const duration = result.end - start;
  const mean = (seconds: number): number => (duration > 0 ? Math.max(0, seconds / duration) : 0);
  return {
    max_output_tokens_per_s: books.seconds.most,
    max_concurrent_requests: result.mostInFlight,
    mean_running_requests: mean(running),
    mean_waiting_requests: mean(waiting),
    preemptions: sum((total) => total.preemptions),
    recomputed_tokens: sum((total) => total.recomputedTokens),
    prefix_cache_queries: queries,
    prefix_cache_hits: hits,
    prefix_cache_hit_rate: queries === 0 ? null : hits / queries,
    peak_kv_blocks: peak / layers_per_block,
    peak_kv_share: peak / (num_gpu_blocks * layers_per_block),
    kv_cache_tokens,
    iterations: sum((total) => total.iterations),
    runs: logs.reduce((all, log) => all + log.runs, 0),
  };
}

/** Watts above idle, as a share of (peak - idle), of memory traffic at peak bandwidth and of FLOPs at peak rate. */
const MEMORY_POWER = 1;
const COMPUTE_POWER = 2.5; // a GPU that multiplies all the time lowers its clock: the sum is capped

/**
 * Power = idle + (peak - idle) · min(1, MEMORY_POWER · share of the time that memory traffic at peak bandwidth would take +
 * COMPUTE_POWER · share that FLOPs at peak rate would take); the two numbers are fitted to the H100 averages of Qwen3-8B in
 * ml-energy/leaderboard 0cd52dab. Joules of all GPUs of one replica that does `work` in `engineSeconds` of `seconds`.
 */
export function energyJoules(scenario: Scenario, work: WorkTotals, engineSeconds: number, seconds: number): number {
  const { idlePowerW, peakPowerW } = scenario.parts.profile;
  const floor = scenario.engine.cost.floor(work);
  const full = MEMORY_POWER * floor.memorySeconds + COMPUTE_POWER * floor.computeSeconds;
  return scenario.options.tp * (seconds * idlePowerW + Math.min(engineSeconds, full) * (peakPowerW - idlePowerW)); // seconds at full power
}

/** Money: list price or the user's, for every GPU from the first request to the last token. */
function energyMetrics(scenario: Scenario, result: ServeResult): Record<string, number | null> {
  const gpus = scenario.replicas * scenario.options.tp;
  const start = Math.min(result.end, result.books.tally.firstSent);
  const duration = Math.max(0, result.end - start);
  let energy = 0;
  let output = 0;
  for (const total of result.totals) {
    const engineSeconds = total.operatorSeconds.reduce((a, b) => a + b, 0);
    energy += energyJoules(scenario, total, engineSeconds, duration);
    output += total.emitted;
  }
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
