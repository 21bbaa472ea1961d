import { check } from "../core/check.js";
import type { AttentionTrace } from "../trace/attention-trace.js";
import type { RowsWanted } from "./attention-rows.js";
import { PageIndex } from "./page-index.js";
import { TILE, tileOffset, type RowKernel } from "./row-kernel.js";

const CHUNK = 64; // positions read from the trace at once

/** Keys, and values if wanted, of some KV heads of a layer, all positions, laid out for the kernels. */
export class RecordedKeys {
  /** Per KV head: [tile][headDim][8]. */
  readonly tiles: readonly Float32Array[];
  private readonly valuesOf: readonly Float32Array[]; // per KV head: [totalTokens, headDim]
  private readonly kernel: RowKernel;
  private readonly headDim: number;
  private readonly totalTokens: number;
  private readonly indexes = new Map<number, readonly PageIndex[]>(); // by tokens of a page

  constructor(trace: AttentionTrace, wanted: RowsWanted, kernel: RowKernel) {
    const { headDim, totalTokens, kvHeads } = trace.metadata;
    const heads = Array.from({ length: wanted.kvTo - wanted.kvFrom }, (_, head) => head);
    const padded = Math.ceil(totalTokens / TILE) * TILE;
    this.kernel = kernel;
    this.headDim = headDim;
    this.totalTokens = totalTokens;
    this.tiles = heads.map(() => kernel.floats(padded * headDim));
    this.valuesOf = wanted.values ? heads.map(() => kernel.floats(totalTokens * headDim)) : [];
    const read = Array.from({ length: wanted.values ? 2 : 1 }, () => new Float32Array(CHUNK * kvHeads * headDim));
    for (let from = 0; from < totalTokens; from += CHUNK) {
      const to = Math.min(from + CHUNK, totalTokens);
      const keys = trace.keys(wanted.layer, from, to, read[0]);
      const values = wanted.values ? trace.values(wanted.layer, from, to, read[1]) : undefined;
      for (let position = from; position < to; position++) {
        for (const head of heads) {
          const at = ((position - from) * kvHeads + wanted.kvFrom + head) * headDim;
          this.storeKey(head, position, keys, at);
          if (values !== undefined) this.valuesOf[head]?.set(values.subarray(at, at + headDim), position * headDim);
        }
      }
    }
  }

  key(kvHead: number, position: number, out: Float32Array): void {
    const tiles = this.tiles[kvHead] as Float32Array;
    const start = tileOffset(position, this.headDim);
    for (let c = 0; c < this.headDim; c++) out[c] = tiles[start + c * TILE] as number;
  }

  values(kvHead: number): Float32Array {
    const values = this.valuesOf[kvHead];
    check(values !== undefined, "values were not asked for");
    return values;
  }

  pageIndex(kvHead: number, page: number): PageIndex {
    let indexes = this.indexes.get(page);
    if (indexes === undefined) {
      indexes = this.tiles.map((tiles) => new PageIndex(this.kernel, tiles, page, this.headDim, this.totalTokens));
      this.indexes.set(page, indexes);
    }
    return indexes[kvHead] as PageIndex;
  }

  private storeKey(head: number, position: number, keys: Float32Array, at: number): void {
    const tiles = this.tiles[head] as Float32Array;
    const start = tileOffset(position, this.headDim);
    for (let c = 0; c < this.headDim; c++) tiles[start + c * TILE] = keys[at + c] as number;
  }
}
