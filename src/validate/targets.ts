import type { TargetName } from "./case.js";

/** How the errors of several cases become one number: of their sizes the largest, the mean, or the median. */
export type ErrorStatistic = "worst" | "mean" | "median";

/** What is asked of one metric over the cases of a kind. */
export interface Target {
  readonly target: TargetName;
  readonly metric: string; // by vLLM's name
  readonly statistic: ErrorStatistic;
  readonly percent: number | undefined; // undefined: shown, nothing is asked
}

function rows(
  target: TargetName,
  statistic: ErrorStatistic,
  percents: Readonly<Record<string, number | undefined>>,
): readonly Target[] {
  return Object.entries(percents).map(([metric, percent]) => ({ target, metric, statistic, percent }));
}

export const TARGET_ROWS: readonly Target[] = [
  ...rows("open loop", "worst", {
    mean_ttft_ms: 5,
    p99_ttft_ms: 8,
    mean_tpot_ms: 3,
    p99_tpot_ms: 8,
    mean_e2el_ms: 3,
    p99_e2el_ms: 8,
  }),
  ...rows("saturated", "worst", { output_throughput: 3, mean_tpot_ms: 4, mean_ttft_ms: undefined }),
  ...rows("stages, dense", "mean", { mean_ttft_ms: 10, p99_ttft_ms: 20, mean_tpot_ms: 4, mean_e2el_ms: 4 }),
  ...rows("stages, MoE in fp8", "mean", {
    mean_ttft_ms: undefined,
    p99_ttft_ms: undefined,
    mean_tpot_ms: 10,
    mean_e2el_ms: undefined,
  }),
  ...rows("thinking", "mean", {
    median_itl_ms: 4,
    output_throughput: 4,
    mean_running_requests: 3,
    mean_power_w: 8,
    energy_per_output_token_j: 8,
  }),
  ...rows("chat", "mean", {
    median_itl_ms: undefined,
    output_throughput: undefined,
    mean_running_requests: undefined,
    mean_power_w: undefined,
    energy_per_output_token_j: undefined,
  }),
  ...rows("closed loop", "median", { mean_ttft_ms: 20 }),
  ...rows("closed loop", "mean", { mean_tpot_ms: 6 }),
  ...rows("closed loop, other engine", "median", { mean_ttft_ms: undefined, mean_tpot_ms: undefined }),
  ...rows("eager, full memory", "worst", {
    full_sequences: 10,
    throughput_over_batch_1: 15,
    throughput_over_full_kv: 15,
    output_throughput: undefined,
  }),
];
