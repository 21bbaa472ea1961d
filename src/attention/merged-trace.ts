import { check, InputError } from "../core/check.js";
import type { AttentionTrace, TraceMetadata } from "../trace/attention-trace.js";
import { PAGE_BOUND_TOKENS } from "../trace/layout.js";
import { QkvRows } from "./qkv-rows.js";
import type { RowKernel } from "./row-kernel.js";

export interface MergeOptions {
  /** How the rows of a KV head's query heads become one: their mean, or their largest value and then sum 1 again. */
  readonly groupReduction: "mean" | "max";
  readonly scoreCoding: "linear" | "log2-u8";
  readonly pageBounds: boolean;
}

/**
 * A qkv trace as a scores trace: rows, the prompt's column sums and page bounds are computed when they are asked for.
 * Asked for in ascending order, each layer is computed once for its scores and once for its bounds. Throws InputError for
 * a trace that has no keys, or not the prompt's queries.
 */
export function mergedTrace(trace: AttentionTrace, options: MergeOptions, kernel: () => RowKernel): AttentionTrace {
  const { kind, softmaxScale: _scale, queryStart = 0, ...rest } = trace.metadata;
  if (kind !== "qkv") throw new InputError("trace", "is a scores trace: its query heads are merged already");
  if (queryStart > 0) {
    throw new InputError("trace", `has queries from position ${queryStart} on; the prompt's sums need them from 0`);
  }
  const { groupReduction, scoreCoding } = options;
  const metadata: TraceMetadata = { ...rest, kind: "scores", groupReduction, scoreCoding };
  const { kvHeads, promptTokens, totalTokens } = metadata;
  const pages = Math.ceil(totalTokens / PAGE_BOUND_TOKENS);
  let latest: MergedRows | undefined;
  /** Rows of a layer that can still go to this position: those at hand, or new ones. */
  const rowsBefore = (layer: number, position: number): MergedRows => {
    if (latest?.layer !== layer || !latest.canReach(position)) {
      latest = new MergedRows(trace, layer, position, groupReduction, kernel());
    }
    return latest;
  };
  const absent = (): never => check(false, "a scores trace has no queries, keys or values") as never;
  return {
    metadata,
    channels: new Set(["attention", "prompt-mass", ...(options.pageBounds ? (["page-bounds"] as const) : [])]),
    tokenIds: () => trace.tokenIds(),
    queries: absent,
    keys: absent,
    values: absent,
    scores(layer, from, to) {
      const out = new Float32Array((to - from) * kvHeads * totalTokens);
      const rows = rowsBefore(layer, promptTokens + from);
      for (let step = from; step < to; step++) {
        rows.moveTo(promptTokens + step);
        for (let head = 0; head < kvHeads; head++) {
          rows.addTo(head, out.subarray(((step - from) * kvHeads + head) * totalTokens));
        }
      }
      return out;
    },
    promptMass(layer) {
      const out = new Float32Array(kvHeads * promptTokens);
      const rows = rowsBefore(layer, 0);
      for (let position = 0; position < promptTokens; position++) {
        rows.moveTo(position);
        for (let head = 0; head < kvHeads; head++) rows.addTo(head, out.subarray(head * promptTokens));
      }
      return out;
    },
    pageBounds(layer, from, to) {
      const out = new Float32Array((to - from) * kvHeads * pages);
      const rows = rowsBefore(layer, promptTokens + from);
      for (let step = from; step < to; step++) {
        rows.moveTo(promptTokens + step);
        for (let head = 0; head < kvHeads; head++) {
          rows.addBounds(head, out.subarray(((step - from) * kvHeads + head) * pages));
        }
      }
      return out;
    },
    close: () => trace.close(),
  };
}

/** Merged rows of one layer, position after position. */
class MergedRows {
  readonly layer: number;
  private readonly first: number;
  private readonly rows: QkvRows;
  private readonly merged: Float64Array;
  private readonly reduction: "mean" | "max";

  constructor(trace: AttentionTrace, layer: number, first: number, reduction: "mean" | "max", kernel: RowKernel) {
    const { kvHeads, totalTokens } = trace.metadata;
    const wanted = { layer, kvFrom: 0, kvTo: kvHeads, lookback: 1, values: false, promptMass: false, first };
    this.layer = layer;
    this.first = first;
    this.reduction = reduction;
    this.rows = new QkvRows(trace, wanted, kernel);
    this.merged = new Float64Array(totalTokens);
  }

  canReach(position: number): boolean {
    return position >= this.first && position > this.rows.position;
  }

  moveTo(position: number): void {
    this.rows.moveTo(position);
  }

  /** Adds the probabilities of a KV head's merged row. */
  addTo(kvHead: number, out: Float32Array): void {
    const { rows, merged, reduction } = this;
    const { position, rowsPerKvHead, stride, weights, prefix } = rows;
    merged.fill(0, 0, position + 1);
    for (let row = kvHead * rowsPerKvHead; row < (kvHead + 1) * rowsPerKvHead; row++) {
      const total = prefix[row * (stride + 1) + position + 1] as number;
      for (let j = 0; j <= position; j++) {
        const share = (weights[row * stride + j] as number) / total;
        merged[j] = reduction === "mean" ? (merged[j] as number) + share : Math.max(merged[j] as number, share);
      }
    }
    let sum = 0;
    for (let j = 0; j <= position; j++) sum += merged[j] as number;
    for (let j = 0; j <= position; j++) out[j] = (out[j] as number) + (merged[j] as number) / sum;
  }

  /** Adds Quest's bounds, without the softmax scale, summed over the query heads of a KV head. */
  addBounds(kvHead: number, out: Float32Array): void {
    const { position, rowsPerKvHead } = this.rows;
    const pages = Math.floor(position / PAGE_BOUND_TOKENS) + 1;
    const bounds = this.rows.pageBounds(kvHead * rowsPerKvHead, (kvHead + 1) * rowsPerKvHead, PAGE_BOUND_TOKENS);
    for (let page = 0; page < pages; page++) {
      out[page] = (out[page] as number) + rowsPerKvHead * (bounds[page] as number);
    }
  }
}
