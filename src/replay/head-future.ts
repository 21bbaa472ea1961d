import type { AttentionRows } from "../attention/attention-rows.js";

/** Attention that positions will draw in later steps, for each row: the whole of it from a first pass, less what has been. */
export class HeadFuture {
  private readonly rest: Float64Array[]; // per row: by position
  private readonly total: number;
  private done = -1; // steps up to it are taken off

  private constructor(rest: Float64Array[], total: number) {
    this.rest = rest;
    this.total = total;
  }

  /** Runs over all decode steps of rows that nobody else uses. */
  static of(rows: AttentionRows): HeadFuture {
    const count = rows.kvHeads * rows.rowsPerKvHead;
    const rest = Array.from({ length: count }, () => new Float64Array(rows.totalTokens));
    const future = new HeadFuture(rest, rows.totalTokens);
    for (let position = rows.promptTokens; position < rows.totalTokens; position++) {
      rows.moveTo(position);
      future.add(rows, 1);
    }
    return future;
  }

  /** Takes a step off; to be called once for each, in order, before its lanes run. */
  pass(rows: AttentionRows): void {
    this.add(rows, -1);
    this.done++;
  }

  /** Mean over rows of what each position draws after this step, which must be the one just passed. */
  after(step: number, from: number, rows: number): Float32Array {
    if (step !== this.done) throw new RangeError(`the future of step ${step}, steps passed ${this.done}`);
    const mean = new Float32Array(this.total);
    for (let row = from; row < from + rows; row++) {
      const rest = this.rest[row] as Float64Array;
      for (let j = 0; j < mean.length; j++) mean[j] = (mean[j] as number) + (rest[j] as number) / rows;
    }
    return mean;
  }

  private add(rows: AttentionRows, sign: number): void {
    const { weights, prefix, stride, position } = rows;
    this.rest.forEach((rest, row) => {
      const total = prefix[row * (stride + 1) + position + 1] as number;
      for (let j = 0; j <= position; j++) {
        rest[j] = (rest[j] as number) + (sign * (weights[row * stride + j] as number)) / total;
      }
    });
  }
}
