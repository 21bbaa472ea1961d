/** What a policy may need of a recording. A trace that lacks a channel refuses the policy, by both names. */
export const TRACE_CHANNELS = {
  attention: "attention of each decode step",
  "prompt-mass": "attention of the prompt's own queries, summed over them",
  queries: "queries",
  keys: "keys",
  values: "values",
  "page-bounds": "Quest's upper bounds of pages of 16",
} as const;
export type TraceChannel = keyof typeof TRACE_CHANNELS;

/** What the file says of itself. Token counts are positions; heads are of the whole model. */
export interface TraceMetadata {
  readonly kind: "qkv" | "scores";
  readonly model: string;
  readonly modelType: string;
  readonly layersTotal: number;
  readonly queryHeads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  /** Indices of the recorded layers, ascending. */
  readonly layers: readonly number[];
  readonly promptTokens: number;
  /** Prompt and decode steps. Decode step t is the query at position promptTokens + t. */
  readonly totalTokens: number;
  /** Factor on q·k; qkv traces only. */
  readonly softmaxScale?: number;
  /** Position of the first recorded query; qkv traces only. */
  readonly queryStart?: number;
  readonly logitSoftcap?: number;
  /** Tokens a query sees at most, itself included, if the model limits them. */
  readonly slidingWindow?: number;
  /** How the query heads of a KV head were merged; scores traces only. */
  readonly groupReduction?: "mean" | "max";
  readonly scoreCoding?: "linear" | "log2-u8";
  readonly generation: "greedy" | "sampled" | "teacher-forced";
  readonly source: string;
  readonly sourceLicense: string;
  readonly recorder: string;
  readonly synthetic: boolean;
}

/**
 * One recorded sequence, read in ranges: no call holds more than what it returns. Layers are named by their index in the
 * model. Values are decoded to f32; NaN and infinity are InputErrors that name the tensor and the position. An array given
 * as `into` may be filled and returned, as far as it is used, in place of a new one.
 */
export interface AttentionTrace {
  readonly metadata: TraceMetadata;
  readonly channels: ReadonlySet<TraceChannel>;
  /** I32 of all tokens. */
  tokenIds(): Int32Array;
  /** Positions from … to - 1, from ≥ queryStart: [to - from, queryHeads, headDim]. Channel "queries". */
  queries(layer: number, from: number, to: number, into?: Float32Array): Float32Array;
  /** [to - from, kvHeads, headDim]. Channel "keys". */
  keys(layer: number, from: number, to: number, into?: Float32Array): Float32Array;
  /** [to - from, kvHeads, headDim]. Channel "values". */
  values(layer: number, from: number, to: number, into?: Float32Array): Float32Array;
  /** Decode steps from … to - 1 of a scores trace: [to - from, kvHeads, totalTokens], checked to sum to 1. */
  scores(layer: number, from: number, to: number, into?: Float32Array): Float32Array;
  /** [kvHeads, promptTokens] of a scores trace. Channel "prompt-mass". */
  promptMass(layer: number): Float32Array;
  /** Decode steps from … to - 1 of a scores trace: [to - from, kvHeads, ceil(totalTokens / 16)]. Channel "page-bounds". */
  pageBounds(layer: number, from: number, to: number, into?: Float32Array): Float32Array;
  close(): void;
}
