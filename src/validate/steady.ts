import { check } from "../core/check.js";
import type { Metrics } from "../serve/outcome.js";
import { energyJoules } from "../serve/metrics.js";
import type { Scenario } from "../serve/scenario.js";
import type { ServeResult } from "../serve/serve.js";

/**
 * Figures of the time in which the engine is full: from the B-th first token to the (N - B - 1)-th end, B being
 * --max-num-seqs and N the number of requests, as the ML.ENERGY benchmark takes them (ml-energy/benchmark c1d6557f,
 * mlenergy/benchmark/llm/benchmark.py RequestTracker; a comment there says first tokens, what runs counts ends). One replica.
 */
export function steadyMetrics(scenario: Scenario, result: ServeResult): Metrics {
  const { requests, logs } = result;
  const batch = scenario.options["max-num-seqs"];
  const [log] = logs;
  check(log !== undefined && logs.length === 1 && requests.length >= 2 * batch, "no time in which the engine is full");
  const from = requests.firstToken.slice(0, requests.length).sort()[batch - 1] as number;
  const to = requests.end.slice(0, requests.length).sort()[requests.length - batch - 2] as number;
  let output = 0;
  let iterations = 0;
  let prefilled = 0;
  let running = 0; // sequence seconds
  for (let row = 0; row < log.length; row++) {
    const start = log.get(row, "start");
    const end = log.end(row);
    const inside = Math.min(to, end) - Math.max(from, start);
    if (!(inside > 0)) continue;
    const share = inside / (end - start);
    const steps = share * log.get(row, "steps");
    iterations += steps;
    output += steps * log.get(row, "emitted");
    prefilled += share * log.get(row, "prefillTokens");
    running += inside * log.get(row, "emitted");
  }
  const seconds = to - from;
  const work = { iterations, tokens: output + prefilled, emitted: output, read: [tokensRead(result, from, to)] };
  const energy = energyJoules(scenario, work, seconds, seconds);
  return {
    output_throughput: output / seconds,
    mean_running_requests: running / seconds,
    mean_power_w: energy / seconds / scenario.options.tp,
    energy_per_output_token_j: energy / output,
  };
}

/** Cached tokens that decode steps of a model without windows read in a span; a request's tokens lie evenly in time. */
function tokensRead({ requests }: ServeResult, from: number, to: number): number {
  let read = 0;
  for (let id = 0; id < requests.length; id++) {
    const { promptTokens, outputTokens } = requests.specs[id]!;
    const first = requests.firstToken[id] as number;
    const end = requests.end[id] as number;
    const made = (time: number): number =>
      (outputTokens - 1) * Math.min(1, Math.max(0, (time - first) / (end - first || 1)));
    const [a, b] = [made(from), made(to)];
    read += (b - a) * (promptTokens + (a + b) / 2);
  }
  return read;
}
