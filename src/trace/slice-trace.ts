import { InputError } from "../core/check.js";
import type { AttentionTrace, TraceMetadata } from "./attention-trace.js";
import { PAGE_BOUND_TOKENS } from "./layout.js";

export interface TraceSlice {
  /** Layers, by their index in the model; all unless given. */
  readonly layers?: readonly number[];
  /** Decode steps from … to - 1; all unless given. Text before `from` becomes prompt, text after `to` is cut off. */
  readonly steps?: readonly [from: number, to: number];
}

/**
 * A part of a trace. What is left is as it was recorded: tokens are only cut off at the end, since a softmax without
 * the first ones would be another, and heads stay together, since the format counts those of the whole model. Throws
 * InputError for layers and steps that the trace does not have.
 */
export function sliceTrace(trace: AttentionTrace, { layers, steps }: TraceSlice): AttentionTrace {
  const { metadata } = trace;
  const { promptTokens: prompt, totalTokens: total, kvHeads } = metadata;
  const kept = layers === undefined ? metadata.layers : recordedLayers(metadata, layers);
  const [fromStep, toStep] = steps === undefined ? [0, total - prompt] : requireSteps(steps, total - prompt);
  const promptTokens = prompt + fromStep;
  const totalTokens = prompt + toStep;
  /** The first `width` of every `stride` values. */
  const cut = (values: Float32Array, stride: number, width: number): Float32Array => {
    if (stride === width) return values;
    const rows = values.length / stride;
    const out = new Float32Array(rows * width);
    for (let row = 0; row < rows; row++) out.set(values.subarray(row * stride, row * stride + width), row * width);
    return out;
  };
  const pages = (tokens: number): number => Math.ceil(tokens / PAGE_BOUND_TOKENS);
  const source = steps === undefined ? metadata.source : `${metadata.source}; decode steps ${fromStep}:${toStep} of it`;
  return {
    metadata: { ...metadata, layers: kept, promptTokens, totalTokens, source },
    channels: trace.channels,
    tokenIds: () => trace.tokenIds().subarray(0, totalTokens),
    queries: (layer, from, to) => trace.queries(layer, from, to),
    keys: (layer, from, to) => trace.keys(layer, from, to),
    values: (layer, from, to) => trace.values(layer, from, to),
    scores: (layer, from, to) => cut(trace.scores(layer, fromStep + from, fromStep + to), total, totalTokens),
    promptMass: (layer) => massWithSteps(trace, layer, fromStep),
    pageBounds: (layer, from, to) =>
      cut(trace.pageBounds(layer, fromStep + from, fromStep + to), pages(total), pages(totalTokens)),
    close: () => trace.close(),
  };

  /** Column sums over the prompt's queries and those of the decode steps that now belong to it. */
  function massWithSteps(of: AttentionTrace, layer: number, stepsToAdd: number): Float32Array {
    const mass = of.promptMass(layer);
    const out = new Float32Array(kvHeads * promptTokens);
    for (let head = 0; head < kvHeads; head++) {
      out.set(mass.subarray(head * prompt, (head + 1) * prompt), head * promptTokens);
    }
    for (let step = 0; step < stepsToAdd; step++) {
      const rows = of.scores(layer, step, step + 1);
      for (let head = 0; head < kvHeads; head++) {
        for (let j = 0; j <= prompt + step; j++) {
          out[head * promptTokens + j] = (out[head * promptTokens + j] as number) + (rows[head * total + j] as number);
        }
      }
    }
    return out;
  }
}

function recordedLayers(metadata: TraceMetadata, wanted: readonly number[]): number[] {
  const strange = wanted.find((layer) => !metadata.layers.includes(layer));
  if (strange !== undefined) {
    throw new InputError("layers", `${strange} is not recorded; the trace has ${metadata.layers.join(", ")}`);
  }
  return metadata.layers.filter((layer) => wanted.includes(layer));
}

function requireSteps([from, to]: readonly [number, number], steps: number): readonly [number, number] {
  if (Number.isInteger(from) && Number.isInteger(to) && from >= 0 && from < to && to <= steps) return [from, to];
  throw new InputError("steps", `${from}:${to} is not a range within 0:${steps}, the decode steps of the trace`);
}
