import type { Metrics } from "../serve/outcome.js";
import { CLOSE, largestErrors } from "./largest-error.js";
import { comparisons, type MeasuredRun } from "./measured-run.js";

/** One measured run of a server and what was predicted of it. */
export interface ServerRun {
  readonly run: MeasuredRun;
  readonly predicted: Metrics;
  readonly kvBlocks: number;
  readonly asyncScheduling: boolean;
}

/** Mean sequences at once: few, so that a step is weights and fixed work, or many. */
const FEW_SEQUENCES = 16;

/** Which parameter is off, as far as latencies tell, one sentence each; at last the figure that is furthest off. */
export function advice(runs: readonly ServerRun[]): readonly string[] {
  const points = runs.map(pointOf);
  const found = [...outputAdvice(points), ...firstTokenAdvice(points)];
  const compared = runs.map(({ run, predicted }) => ({ path: run.path, comparisons: comparisons(run, predicted) }));
  return [...found, ...largestErrors(compared, found.length > 0)];
}

interface Point {
  readonly sequences: number; // in flight at once, as measured (Little's law) or else predicted
  readonly tpotError: number | undefined; // measured / predicted - 1
  readonly tpotMissing: number; // ms a token
  readonly ttftError: number | undefined;
  readonly ttftMissing: number; // ms
  readonly queues: boolean; // requests wait longer than a step
  readonly preemptions: number;
  readonly kvBlocks: number;
  readonly asyncScheduling: boolean;
}

function pointOf({ run, predicted, kvBlocks, asyncScheduling }: ServerRun): Point {
  const { metrics } = run;
  const value = (key: string): number => predicted[key] ?? NaN;
  const difference = (key: string): { error: number | undefined; missing: number } => {
    const measured = metrics[key];
    if (measured === undefined || !(value(key) > 0)) return { error: undefined, missing: 0 };
    return { error: measured / value(key) - 1, missing: measured - value(key) };
  };
  const tpot = difference("mean_tpot_ms");
  const ttft = difference("mean_ttft_ms");
  const [rate, e2el] = [metrics["request_throughput"], metrics["mean_e2el_ms"]];
  const predictedWait = value("mean_waiting_requests") >= 1;
  return {
    sequences: rate !== undefined && e2el !== undefined ? (rate * e2el) / 1000 : value("mean_running_requests"),
    tpotError: tpot.error,
    tpotMissing: tpot.missing,
    ttftError: ttft.error,
    ttftMissing: ttft.missing,
    queues: predictedWait || (metrics["mean_ttft_ms"] ?? 0) > 10 * value("mean_tpot_ms") + value("mean_ttft_ms"),
    preemptions: value("preemptions"),
    kvBlocks,
    asyncScheduling,
  };
}

function outputAdvice(points: readonly Point[]): readonly string[] {
  const off = points.filter(({ tpotError }) => tpotError !== undefined && Math.abs(tpotError) > CLOSE.tpot);
  if (off.length === 0) return [];
  const sorted = points.filter(({ tpotError }) => tpotError !== undefined).sort((a, b) => a.sequences - b.sequences);
  const [few, many] = [sorted[0] as Point, sorted.at(-1) as Point];
  const ms = (point: Point): string => `${point.tpotMissing >= 0 ? "+" : ""}${point.tpotMissing.toFixed(2)} ms`;
  const at = sequencesOf;
  if (many.sequences < 2 * few.sequences) {
    const where = few.sequences < FEW_SEQUENCES;
    return [
      `Each output token takes ${Math.abs(many.tpotMissing).toFixed(2)} ms ${many.tpotMissing < 0 ? "less" : "more"} than predicted at ${at(many)}. ` +
        (where
          ? "With so few it is what every step has: host time (--host-step-time), or the bandwidth that weights are read with."
          : "With so many it is what grows with them: host time of a sequence (--host-sequence-time), or the bandwidth that the KV cache is read with.") +
        " A second run at another load would tell them apart.",
    ];
  }
  const hidden = many.asyncScheduling
    ? "; the scenario schedules asynchronously, so that host time only shows where it takes longer than the GPU"
    : "";
  const constant = Math.abs(few.tpotMissing - many.tpotMissing) < 0.3 * Math.max(...[few, many].map(sizeOf));
  if (constant) {
    return [
      `Each output token differs by about as much from what is predicted at ${at(few)} (${ms(few)}) as at ${at(many)} (${ms(many)}): host time of a step (--host-step-time)${hidden}.`,
    ];
  }
  if (sizeOf(many) > sizeOf(few)) {
    return [
      `What is missing grows with the batch, from ${ms(few)} at ${at(few)} to ${ms(many)} at ${at(many)}: host time of a sequence (--host-sequence-time), or the bandwidth that the KV cache is read with${hidden}.`,
    ];
  }
  return [
    `What is missing is largest in small batches, ${ms(few)} at ${at(few)} against ${ms(many)} at ${at(many)}: work beside the GPU (--async-scheduling, --cuda-graphs), or the bandwidth that weights are read with.`,
  ];
}

function sequencesOf({ sequences }: Pick<Point, "sequences">): string {
  return `${sequences < 10 ? Number(sequences.toPrecision(2)) : sequences.toFixed(0)} sequences`;
}

function sizeOf({ tpotMissing }: Point): number {
  return Math.abs(tpotMissing);
}

function firstTokenAdvice(points: readonly Point[]): readonly string[] {
  return points.flatMap((point) => {
    const { ttftError, ttftMissing, queues, tpotError, kvBlocks, preemptions } = point;
    if (ttftError === undefined || Math.abs(ttftError) <= CLOSE.ttft) return [];
    const off = `${Math.abs(ttftMissing).toFixed(1)} ms ${ttftMissing < 0 ? "earlier" : "later"} than predicted`;
    if (queues) {
      return [
        `First tokens come ${off} at ${sequencesOf(point)}, where requests wait: compare the GPU blocks that the engine prints at its start with the ${kvBlocks} predicted (--num-gpu-blocks-override)` +
          `${preemptions > 0 ? `, with which ${preemptions} requests are preempted` : ""}, and --max-num-seqs and --max-num-batched-tokens with the server's.`,
      ];
    }
    const alone = tpotError === undefined || Math.abs(tpotError) <= CLOSE.tpot;
    return [
      `First tokens come ${off} at ${sequencesOf(point)} without a queue` +
        (alone
          ? " while output tokens are on time: HTTP and tokenisation (--front-end-time), or prompts that the prefix cache knows."
          : "; part of it is the step time above, the rest the front end (--front-end-time) or the prefix cache."),
    ];
  });
}
