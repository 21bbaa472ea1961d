import type { Comparison } from "./score.js";

/** What was compared of one run. */
export interface ComparedRun {
  readonly path: string;
  readonly comparisons: readonly Comparison[];
}

/** Errors that nobody needs to explain; those of tails may be twice as large. */
export const CLOSE = { tpot: 0.05, ttft: 0.1, other: 0.05 } as const;

/**
 * The figure that is furthest off, and what it points to. `explained`: the mean time to first token or per output token
 * is off, and somebody says why; then also the figure furthest off that may have another cause.
 */
export function largestErrors(runs: readonly ComparedRun[], explained: boolean): readonly string[] {
  const all = runs.flatMap(({ path, comparisons }) => comparisons.map((each) => ({ ...each, path })));
  const worst = all.reduce(larger, undefined);
  if (worst === undefined) return ["Nothing could be compared: the simulation has none of the measured figures."];
  const said = [`The largest error is ${sentence(worst, explained)}`];
  if (!explained || !isExplained(worst)) return said;
  const other = all.filter((each) => !isExplained(each)).reduce(larger, undefined);
  if (other === undefined || isClose(other)) return said;
  return [...said, `The largest of the others is ${sentence(other, explained)}`];
}

type Placed = Comparison & { readonly path: string };

function larger(worst: Placed | undefined, each: Placed): Placed {
  return worst === undefined || Math.abs(each.error) > Math.abs(worst.error) ? each : worst;
}

/** Means and medians of the latencies that advice is given on. */
function isExplained({ metric }: Placed): boolean {
  return /^(mean|p50)_(ttft|tpot)_/.test(metric);
}

function isClose({ metric, error }: Placed): boolean {
  return Math.abs(error) <= tolerance(metric);
}

function sentence(one: Placed, explained: boolean): string {
  const { metric, path, predicted, measured, error } = one;
  const percent = `${error < 0 ? "" : "+"}${(100 * error).toFixed(1)} %`;
  const said = `${metric} of ${path}, ${number(predicted)} predicted, ${number(measured)} measured (${percent})`;
  return `${said}: ${isClose(one) ? "nothing stands out" : meaning(metric, explained)}.`;
}

function tolerance(metric: string): number {
  const base = metric.includes("_ttft_") ? CLOSE.ttft : metric.includes("_tpot_") ? CLOSE.tpot : CLOSE.other;
  return isTail(metric) ? 2 * base : base;
}

function isTail(metric: string): boolean {
  return /^p9\d/.test(metric);
}

function meaning(metric: string, explained: boolean): string {
  if (metric.endsWith("throughput")) {
    return explained
      ? "it follows from the latencies, or requests come at another pace (--request-rate, --max-concurrency, --num-requests)"
      : "requests come or end at another pace than simulated; compare --request-rate, --max-concurrency, --num-requests and the lengths of outputs with the run's, and whether requests failed in it";
  }
  if (metric.includes("_e2el_")) {
    return explained
      ? "it follows from the latencies of tokens, or outputs have other lengths than simulated"
      : "first tokens and output tokens are on time, so outputs have other lengths than simulated; record them with --save-detailed";
  }
  if (metric.includes("_itl_")) {
    return "gaps are counted as the client receives them; a server that sends several tokens at once (speculative decoding, a stream interval) has fewer and longer ones";
  }
  if (isTail(metric)) {
    return "a tail is off: bursts (--burstiness, or start_times as recorded), the order in which waiting requests are served (--scheduling-policy), or prompts that hold output tokens up (--max-num-batched-tokens)";
  }
  return explained ? "see above" : "half of the requests differ while the mean is close: the load is not of one kind";
}

function number(value: number): string {
  return String(Number(value.toPrecision(4)));
}
