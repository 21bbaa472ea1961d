import { check } from "../core/check.js";
import type { AttentionTrace } from "../trace/attention-trace.js";
import type { AttentionRows, RowsWanted } from "./attention-rows.js";
import { TILE, type RowKernel } from "./row-kernel.js";

const BLOCK = 8; // steps read at once
/** Tokens of the pages whose bounds are recorded. */
export const RECORDED_PAGE = 16;

interface Block {
  readonly from: number; // steps from … to - 1
  readonly to: number;
  readonly scores: Float32Array;
  readonly bounds: Float32Array;
}

/** Attention rows as recorded: one for each KV head, its query heads merged. Decode steps only. */
export class ScoresRows implements AttentionRows {
  readonly kernel: RowKernel;
  readonly promptTokens: number;
  readonly totalTokens: number;
  readonly headDim: number;
  readonly kvHeads: number;
  readonly rowsPerKvHead = 1;
  readonly stride: number;
  readonly weights: Float32Array;
  readonly prefix: Float64Array;
  position: number;
  readonly windowStart = 0;
  private readonly trace: AttentionTrace;
  private readonly wanted: RowsWanted;
  private readonly group: number;
  private block: Block = { from: 0, to: 0, scores: new Float32Array(0), bounds: new Float32Array(0) };

  constructor(trace: AttentionTrace, wanted: RowsWanted, kernel: RowKernel) {
    const { promptTokens, totalTokens, headDim, queryHeads, kvHeads } = trace.metadata;
    this.trace = trace;
    this.wanted = wanted;
    this.kernel = kernel;
    this.promptTokens = promptTokens;
    this.totalTokens = totalTokens;
    this.headDim = headDim;
    this.group = queryHeads / kvHeads;
    this.kvHeads = wanted.kvTo - wanted.kvFrom;
    this.stride = Math.ceil(totalTokens / TILE) * TILE;
    this.weights = kernel.floats(this.kvHeads * this.stride);
    this.prefix = kernel.doubles(this.kvHeads * (this.stride + 1));
    this.position = promptTokens - 1;
  }

  moveTo(position: number): void {
    check(position > this.position && position < this.totalTokens, () => `row ${position} after row ${this.position}`);
    this.position = position;
    const step = position - this.promptTokens;
    if (step >= this.block.to) this.readBlock(step);
    for (let row = 0; row < this.kvHeads; row++) {
      const at = this.offset(step, row) * this.totalTokens;
      const scores = this.block.scores.subarray(at, at + position + 1);
      this.weights.set(scores, row * this.stride);
      const first = row * (this.stride + 1);
      let sum = 0;
      for (let j = 0; j <= position; j++) this.prefix[first + j + 1] = sum += scores[j] as number;
    }
  }

  logits(): Float32Array {
    return check(false, "a scores trace has no logits") as never;
  }

  logitsOn(): void {
    check(false, "a scores trace has no queries");
  }

  key(): void {
    check(false, "a scores trace has no keys");
  }

  values(): Float32Array {
    return check(false, "a scores trace has no values") as never;
  }

  pageBounds(row: number, to: number, page: number): Float32Array {
    check(to === row + 1, "a scores trace has one row a KV head");
    check(page === RECORDED_PAGE, () => `a scores trace has bounds of pages of ${RECORDED_PAGE}, not ${page}`);
    const pages = Math.ceil(this.totalTokens / RECORDED_PAGE);
    const at = this.offset(this.position - this.promptTokens, row) * pages;
    return this.block.bounds.subarray(at, at + pages).map((sum) => sum / this.group);
  }

  promptMass(row: number): Float32Array {
    const at = (this.wanted.kvFrom + row) * this.promptTokens;
    return this.trace.promptMass(this.wanted.layer).subarray(at, at + this.promptTokens);
  }

  private offset(step: number, row: number): number {
    return (step - this.block.from) * this.trace.metadata.kvHeads + this.wanted.kvFrom + row;
  }

  private readBlock(from: number): void {
    const to = Math.min(from + BLOCK, this.totalTokens - this.promptTokens);
    const { layer } = this.wanted;
    const bounds = this.trace.channels.has("page-bounds")
      ? this.trace.pageBounds(layer, from, to, this.block.bounds)
      : new Float32Array(0);
    this.block = { from, to, scores: this.trace.scores(layer, from, to, this.block.scores), bounds };
  }
}
