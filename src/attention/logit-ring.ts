import { check } from "../core/check.js";
import type { AttentionTrace } from "../trace/attention-trace.js";
import type { RowsWanted } from "./attention-rows.js";
import { TILE, type RowKernel } from "./row-kernel.js";

const MOST_BLOCK = 32;
const LEAST_BLOCK = 8;
const BLOCK_BYTES = 2 ** 23;

/**
 * Positions whose logits are computed together: the more, the seldomer keys come from memory; a power of two, so few
 * that `rows` of their logits take at most 8 MiB, but no fewer than 8.
 */
export function logitBlock(rows: number, totalTokens: number): number {
  let block = MOST_BLOCK;
  while (block > LEAST_BLOCK && 4 * block * rows * totalTokens > BLOCK_BYTES) block /= 2;
  return block;
}

/** Positions whose logits are held, for a given lookback. */
export function logitSlots(block: number, lookback: number): number {
  return (Math.ceil(Math.max(0, lookback - 1) / block) + 1) * block;
}

/** Scaled logits of the latest query positions on all positions before them, computed block by block. */
export class LogitRing {
  private readonly trace: AttentionTrace;
  private readonly wanted: RowsWanted;
  private readonly kernel: RowKernel;
  private readonly tiles: readonly Float32Array[];
  private readonly group: number; // query heads of a KV head
  private readonly stride: number;
  private readonly block: number;
  private readonly slots: number;
  private readonly logits: readonly Float32Array[]; // per KV head: [slot, query head of it, stride]
  private readonly recent: readonly Float32Array[]; // queries, per KV head: [slot, query head of it, headDim]
  private readonly recorded: Float32Array; // queries of a block, of all heads
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
    this.group = queryHeads / kvHeads;
    this.stride = Math.ceil(totalTokens / TILE) * TILE;
    this.block = logitBlock(this.group * tiles.length, totalTokens);
    this.recorded = new Float32Array(this.block * queryHeads * headDim);
    this.slots = logitSlots(this.block, wanted.lookback);
    this.logits = tiles.map(() => kernel.floats(this.slots * this.group * this.stride));
    this.recent = tiles.map(() => kernel.floats(this.slots * this.group * headDim));
    this.computed = first - (first % this.block);
  }

  /** Computes what is missing up to and with this position. */
  reach(position: number): void {
    while (this.computed <= position) this.computeBlock();
  }

  row(position: number, row: number): Float32Array {
    check(position < this.computed && position >= this.computed - this.slots, () => `row ${position} left the ring`);
    const logits = this.logits[Math.floor(row / this.group)] as Float32Array;
    const start = ((position % this.slots) * this.group + (row % this.group)) * this.stride;
    return logits.subarray(start, start + this.stride);
  }

  /** Queries of rows from … to - 1, which belong to one KV head: [to - from, headDim]. */
  queries(position: number, from: number, to: number): Float32Array {
    const { headDim } = this.trace.metadata;
    const kvHead = Math.floor(from / this.group);
    const first = (position % this.slots) * this.group - kvHead * this.group;
    return (this.recent[kvHead] as Float32Array).subarray((first + from) * headDim, (first + to) * headDim);
  }

  /** As if the keys were those recorded; windows do not apply. */
  logitsOn(position: number, row: number, keys: Float32Array, positions: ArrayLike<number>, out: Float64Array): void {
    const { softmaxScale = 1, logitSoftcap: cap, headDim } = this.trace.metadata;
    const query = this.queries(position, row, row + 1);
    for (let i = 0; i < positions.length; i++) {
      const start = (positions[i] as number) * headDim;
      let dot = 0;
      for (let c = 0; c < headDim; c++) dot += (query[c] as number) * (keys[start + c] as number);
      const logit = softmaxScale * dot;
      out[i] = cap === undefined ? logit : cap * Math.tanh(logit / cap);
    }
  }

  private computeBlock(): void {
    const { queryStart = 0, totalTokens, headDim, queryHeads, softmaxScale = 1 } = this.trace.metadata;
    const from = Math.max(this.computed, queryStart);
    const to = Math.min(this.computed + this.block, totalTokens);
    this.computed += this.block;
    if (from >= to) return;
    const recorded = this.trace.queries(this.wanted.layer, from, to, this.recorded);
    const width = this.group * headDim; // of a KV head's queries at one position
    const slot = from % this.slots;
    const toTile = Math.ceil(to / TILE);
    for (const [head, tiles] of this.tiles.entries()) {
      const queries = (this.recent[head] as Float32Array).subarray(slot * width);
      for (let i = 0; i < to - from; i++) {
        const at = i * queryHeads * headDim + (this.wanted.kvFrom + head) * width;
        queries.set(recorded.subarray(at, at + width), i * width);
      }
      const out = (this.logits[head] as Float32Array).subarray(slot * this.group * this.stride);
      const rows = (to - from) * this.group;
      this.kernel.dots(queries, rows, headDim, tiles, 0, toTile, softmaxScale, out, this.stride);
      this.limit(out, from, to);
    }
  }

  /** The soft cap and the sliding window of models that have them, on the logits of positions from … to - 1. */
  private limit(out: Float32Array, from: number, to: number): void {
    const { logitSoftcap: cap, slidingWindow } = this.trace.metadata;
    if (cap === undefined && slidingWindow === undefined) return;
    for (let row = 0; row < (to - from) * this.group; row++) {
      const logits = out.subarray(row * this.stride, row * this.stride + to);
      if (cap !== undefined) logits.forEach((logit, j) => (logits[j] = cap * Math.tanh(logit / cap)));
      const position = from + Math.floor(row / this.group);
      if (slidingWindow !== undefined) logits.fill(-Infinity, 0, Math.max(0, position + 1 - slidingWindow));
    }
  }
}
