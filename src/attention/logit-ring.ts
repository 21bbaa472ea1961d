import { check } from "../core/check.js";
import type { AttentionTrace } from "../trace/attention-trace.js";
import type { RowsWanted } from "./attention-rows.js";
import { TILE, type RowKernel } from "./row-kernel.js";

const BLOCK = 32; // positions whose logits are computed together

/** Scaled logits of the latest query positions on all positions before them, computed block by block. */
export class LogitRing {
  private readonly trace: AttentionTrace;
  private readonly wanted: RowsWanted;
  private readonly kernel: RowKernel;
  private readonly tiles: readonly Float32Array[];
  private readonly rows: number;
  private readonly stride: number;
  private readonly slots: number;
  private readonly logits: Float32Array; // [slot, row, stride]
  private readonly queries: readonly Float32Array[]; // per row: [slot, headDim]
  private computed: number; // positions below it have been computed

  /** `first`: the earliest position that will be asked for. `tiles`: the keys of each KV head, [tile][headDim][8]. */
  constructor(
    trace: AttentionTrace,
    wanted: RowsWanted,
    tiles: readonly Float32Array[],
    first: number,
    kernel: RowKernel,
  ) {
    const { queryHeads, kvHeads, totalTokens, headDim } = trace.metadata;
    this.trace = trace;
    this.wanted = wanted;
    this.kernel = kernel;
    this.tiles = tiles;
    this.rows = (tiles.length * queryHeads) / kvHeads;
    this.stride = Math.ceil(totalTokens / TILE) * TILE;
    this.slots = (Math.ceil(Math.max(0, wanted.lookback - 1) / BLOCK) + 1) * BLOCK;
    this.logits = kernel.floats(this.slots * this.rows * this.stride);
    this.queries = Array.from({ length: this.rows }, () => kernel.floats(this.slots * headDim));
    this.computed = first - (first % BLOCK);
  }

  /** Computes what is missing up to and with this position. */
  reach(position: number): void {
    while (this.computed <= position) this.computeBlock();
  }

  row(position: number, row: number): Float32Array {
    check(position < this.computed && position >= this.computed - this.slots, () => `row ${position} left the ring`);
    const start = ((position % this.slots) * this.rows + row) * this.stride;
    return this.logits.subarray(start, start + this.stride);
  }

  query(position: number, row: number): Float32Array {
    const { headDim } = this.trace.metadata;
    const start = (position % this.slots) * headDim;
    return (this.queries[row] as Float32Array).subarray(start, start + headDim);
  }

  /** As if the key were one of the recorded; windows do not apply. */
  logitOn(position: number, row: number, key: Float32Array): number {
    const { softmaxScale = 1, logitSoftcap: cap } = this.trace.metadata;
    const query = this.query(position, row);
    let dot = 0;
    for (let c = 0; c < key.length; c++) dot += (query[c] as number) * (key[c] as number);
    const logit = softmaxScale * dot;
    return cap === undefined ? logit : cap * Math.tanh(logit / cap);
  }

  private computeBlock(): void {
    const { queryStart = 0, totalTokens, headDim, queryHeads, softmaxScale = 1 } = this.trace.metadata;
    const from = Math.max(this.computed, queryStart);
    const to = Math.min(this.computed + BLOCK, totalTokens);
    this.computed += BLOCK;
    if (from >= to) return;
    const recorded = this.trace.queries(this.wanted.layer, from, to);
    const group = this.rows / this.tiles.length;
    const slot = from % this.slots;
    for (let row = 0; row < this.rows; row++) {
      const queries = (this.queries[row] as Float32Array).subarray(slot * headDim);
      for (let i = 0; i < to - from; i++) {
        const at = (i * queryHeads + this.wanted.kvFrom * group + row) * headDim;
        queries.set(recorded.subarray(at, at + headDim), i * headDim);
      }
      const out = this.logits.subarray((slot * this.rows + row) * this.stride);
      const tiles = this.tiles[Math.floor(row / group)] as Float32Array;
      const toTile = Math.ceil(to / TILE);
      this.kernel.dots(queries, to - from, headDim, tiles, 0, toTile, softmaxScale, out, this.rows * this.stride);
    }
    this.limit(slot, to - from, to);
  }

  /** The soft cap and the sliding window of models that have them. */
  private limit(slot: number, positions: number, to: number): void {
    const { logitSoftcap: cap, slidingWindow } = this.trace.metadata;
    if (cap === undefined && slidingWindow === undefined) return;
    for (let i = 0; i < positions; i++) {
      for (let row = 0; row < this.rows; row++) {
        const start = ((slot + i) * this.rows + row) * this.stride;
        const logits = this.logits.subarray(start, start + to);
        if (cap !== undefined) logits.forEach((logit, j) => (logits[j] = cap * Math.tanh(logit / cap)));
        if (slidingWindow !== undefined) logits.fill(-Infinity, 0, Math.max(0, to - positions + i + 1 - slidingWindow));
      }
    }
  }
}
