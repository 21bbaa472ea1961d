import { RangeSet } from "../core/range-set.js";
import type { Lane } from "../policy/lane.js";
import type { Policy } from "../policy/policy.js";
import type { AttentionTrace, TraceMetadata } from "../trace/attention-trace.js";
import { keepAll } from "./toy.js";

/** What a scripted policy holds after a step and reads in it, positions; by step. */
export interface Script {
  readonly kept: readonly number[];
  readonly read: readonly number[];
}

function setOf(positions: readonly number[]): RangeSet {
  return RangeSet.of(...positions.map((position) => [position, position + 1] as const));
}

/** A policy that does what a script says. */
export function scripted(script: readonly Script[]): Policy {
  const start = ({ promptTokens }: { readonly promptTokens: number }): Lane => {
    const held = RangeSet.of([0, promptTokens]);
    return {
      held,
      select({ step, position }) {
        held.push(position);
        return setOf(script[step]?.read ?? []);
      },
      update: ({ step }) => held.copy(setOf(script[step]?.kept ?? [])),
    };
  };
  const lanes = { needs: ["attention"], group: "kv-head", observes: false, lookback: 0, start } as const;
  return { ...keepAll, name: "scripted", label: "scripted", lanes };
}

const METADATA: TraceMetadata = {
  kind: "qkv",
  model: "by hand",
  modelType: "by hand",
  layersTotal: 1,
  queryHeads: 1,
  kvHeads: 1,
  headDim: 4,
  layers: [0],
  promptTokens: 1,
  totalTokens: 1,
  generation: "sampled",
  source: "by hand",
  sourceLicense: "CC0-1.0",
  recorder: "test",
  synthetic: true,
};

function traceOf(given: Partial<TraceMetadata>, tensors: Partial<AttentionTrace>): AttentionTrace {
  const absent = (): never => {
    throw new RangeError("this trace has none");
  };
  return {
    metadata: { ...METADATA, ...given },
    channels: new Set(),
    tokenIds: absent,
    queries: absent,
    keys: absent,
    values: absent,
    scores: absent,
    promptMass: absent,
    pageBounds: absent,
    close: () => undefined,
    ...tensors,
  };
}

/**
 * One KV head with a query head for each list of weights: a query puts attention on the positions so far in the ratio of
 * its list. Keys hold the logarithms of the weights, a channel a query head; values are as given, 4 channels.
 */
export function weightedTrace(
  promptTokens: number,
  weights: readonly (readonly number[])[],
  values: readonly (readonly number[])[],
): AttentionTrace {
  const queryHeads = weights.length;
  const one = weights.flatMap((_, head) => [0, 1, 2, 3].map((c) => (c === head ? 1 : 0)));
  const key = (position: number): number[] => [0, 1, 2, 3].map((c) => Math.log(weights[c]?.[position] ?? 1));
  const rows = (from: number, to: number, row: (position: number) => readonly number[]): Float32Array =>
    Float32Array.from(Array.from({ length: to - from }, (_, i) => row(from + i)).flat());
  return traceOf(
    { queryHeads, promptTokens, totalTokens: values.length, softmaxScale: 1, queryStart: 0 },
    {
      channels: new Set(["attention", "prompt-mass", "queries", "keys", "values", "page-bounds"]),
      queries: (_, from, to) => rows(from, to, () => one),
      keys: (_, from, to) => rows(from, to, key),
      values: (_, from, to) => rows(from, to, (position) => values[position] as readonly number[]),
    },
  );
}

/** One KV head whose row of each step is given, each as long as what it sees. */
export function rowsTrace(promptTokens: number, steps: readonly (readonly number[])[]): AttentionTrace {
  const totalTokens = promptTokens + steps.length;
  const scores = (_: number, from: number, to: number): Float32Array => {
    const out = new Float32Array((to - from) * totalTokens);
    steps.slice(from, to).forEach((row, i) => out.set(row, i * totalTokens));
    return out;
  };
  const given = { kind: "scores", promptTokens, totalTokens, groupReduction: "mean", scoreCoding: "linear" } as const;
  return traceOf(given, { channels: new Set(["attention"]), scores });
}
