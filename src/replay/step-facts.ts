import type { AttentionRows } from "../attention/attention-rows.js";
import { TopK } from "../policy/top-k.js";
import type { ReplaySettings } from "./settings.js";

/** What the lanes of a step are measured against: the true attention of each KV head, and the true outputs. */
export class StepFacts {
  private readonly rows: AttentionRows;
  private readonly settings: ReplaySettings;
  private readonly means: readonly Float32Array[]; // per KV head: its query heads' attention, averaged
  private readonly masses: Float64Array;
  private readonly whole: Uint32Array;
  private readonly found: Uint32Array;
  private readonly topK: TopK;
  private readonly usedOf: Uint32Array[] = []; // per KV head: positions with at least θ of the attention
  private readonly bestOf: Uint32Array[] = []; // per KV head: the k positions with most
  private readonly lastUse: readonly Int32Array[]; // per KV head and position: the step
  private readonly outputs: readonly Float32Array[]; // per row

  constructor(rows: AttentionRows, settings: ReplaySettings) {
    const { kernel, kvHeads, rowsPerKvHead, totalTokens, promptTokens, headDim } = rows;
    this.rows = rows;
    this.settings = settings;
    this.means = Array.from({ length: kvHeads }, () => kernel.floats(totalTokens));
    this.masses = kernel.doubles(rowsPerKvHead);
    this.whole = kernel.indices(2);
    this.found = kernel.indices(totalTokens);
    this.topK = new TopK(settings.topK);
    this.lastUse = Array.from({ length: kvHeads }, () => {
      // a decoded token is new in its own step; the prompt was there before the first
      return Int32Array.from({ length: totalTokens }, (_, position) => Math.max(-1, position - promptTokens));
    });
    const outputs = settings.outputError ? kvHeads * rowsPerKvHead : 0;
    this.outputs = Array.from({ length: outputs }, () => kernel.floats(headDim));
  }

  /** Looks at the step that the rows stand at. */
  advance(): void {
    const { kernel, kvHeads, rowsPerKvHead: group, weights, prefix, stride, position, windowStart } = this.rows;
    this.whole[0] = windowStart;
    this.whole[1] = position + 1;
    for (let kvHead = 0; kvHead < kvHeads; kvHead++) {
      const mean = this.attention(kvHead);
      mean.fill(0, 0, position + 1);
      const first = kvHead * group;
      const rowWeights = weights.subarray(first * stride);
      const rowPrefix = prefix.subarray(first * (stride + 1));
      kernel.attend(rowWeights, rowPrefix, stride, group, this.whole, 1, 1 / group, this.masses, mean);
      const count = kernel.atLeast(mean, position + 1, this.settings.theta, this.found);
      this.usedOf[kvHead] = this.found.slice(0, count);
      this.bestOf[kvHead] = this.bestAmong(mean, this.usedOf[kvHead] as Uint32Array);
    }
    if (this.settings.outputError) this.outputs.forEach((output, row) => this.computeOutput(output, row));
  }

  /** Share that each position up to the newest draws; valid until the next step. */
  attention(kvHead: number): Float32Array {
    return this.means[kvHead] as Float32Array;
  }

  /** Positions that draw at least θ. */
  used(kvHead: number): Uint32Array {
    return this.usedOf[kvHead] as Uint32Array;
  }

  /** The positions that draw most. */
  best(kvHead: number): Uint32Array {
    return this.bestOf[kvHead] as Uint32Array;
  }

  /** Whether a position, used now, had been unused for longer than the gap, or had never been used since it came. */
  isPhoenix(kvHead: number, position: number): boolean {
    const step = this.rows.position - this.rows.promptTokens;
    return step - (this.lastUse[kvHead]?.[position] as number) > this.settings.phoenixGapSteps;
  }

  /** The attention output of a row over all positions, not yet divided by the sum of the weights. */
  output(row: number): Float32Array {
    return this.outputs[row] as Float32Array;
  }

  /** Once all lanes have been measured. */
  settle(): void {
    const step = this.rows.position - this.rows.promptTokens;
    this.usedOf.forEach((used, kvHead) => {
      const last = this.lastUse[kvHead] as Int32Array;
      for (const position of used) last[position] = step;
    });
  }

  /** Those above θ are the best already, if there are enough of them. */
  private bestAmong(mean: Float32Array, used: Uint32Array): Uint32Array {
    if (used.length < this.settings.topK) return this.topK.of(mean, 0, this.rows.position + 1).slice();
    const shares = Float64Array.from(used, (position) => mean[position] as number);
    return this.topK.of(shares, 0, shares.length).map((index) => used[index] as number);
  }

  private computeOutput(output: Float32Array, row: number): void {
    const { kernel, weights, stride, position, windowStart, rowsPerKvHead } = this.rows;
    output.fill(0);
    const values = this.rows.values(Math.floor(row / rowsPerKvHead));
    kernel.addValues(weights.subarray(row * stride), values, windowStart, position + 1, output);
  }
}
