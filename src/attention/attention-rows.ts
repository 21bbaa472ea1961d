import type { RowKernel } from "./row-kernel.js";

/**
 * Attention of some KV heads of one layer, one query position after another: a row for each query head of them (for each
 * KV head, if the recording merged them). A row holds the unnormalised weight of every position and, beside it, the sums
 * of the weights before each position, so that the mass of any range is one subtraction.
 */
export interface AttentionRows {
  readonly kernel: RowKernel;
  readonly promptTokens: number;
  readonly totalTokens: number;
  readonly headDim: number;
  readonly kvHeads: number;
  readonly rowsPerKvHead: number;
  /** Elements from one row of weights to the next; rows of prefix sums are stride + 1 apart. */
  readonly stride: number;
  /** [rows, stride]: of the current position. */
  readonly weights: Float32Array;
  readonly prefix: Float64Array;
  /** Index of the newest token. */
  readonly position: number;
  /** First position the model itself looks at: 0 unless it has a sliding window. */
  readonly windowStart: number;
  /** Goes to a position; decode steps must be asked for in order. */
  moveTo(position: number): void;
  /** Scaled logits of the query `back` positions before the newest; within the lookback it was made with. */
  logits(back: number, row: number): Float32Array;
  /** Scaled logits of the newest query on vectors taken for keys, [position, headDim]: out[i] is that of positions[i]. */
  logitsOn(row: number, keys: Float32Array, positions: ArrayLike<number>, out: Float64Array): void;
  /** Copies the key of a KV head at a position. */
  key(kvHead: number, position: number, out: Float32Array): void;
  /** Quest's bound of each page at the newest position, mean over rows from … to - 1 of one KV head. Computed once a step. */
  pageBounds(from: number, to: number, page: number): Float32Array;
  /** Attention each prompt token drew from all prompt queries, [promptTokens], if it was asked for. */
  promptMass(row: number): Float32Array;
  /** [totalTokens, headDim], if values were asked for. */
  values(kvHead: number): Float32Array;
}

/** What to read of a trace. */
export interface RowsWanted {
  readonly layer: number;
  /** KV heads from … to - 1. */
  readonly kvFrom: number;
  readonly kvTo: number;
  /** Queries, the newest included, whose logits may be asked for. */
  readonly lookback: number;
  readonly values: boolean;
  readonly promptMass: boolean;
  /** First position to go to, of a qkv trace; unless given, the end of the prompt, or what the other wishes need. */
  readonly first?: number;
}
