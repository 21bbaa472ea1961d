import type { AttentionRows } from "../attention/attention-rows.js";
import { SUM_BLOCK } from "../attention/row-kernel.js";
import { TopK } from "../policy/top-k.js";
import type { ReplaySettings } from "./settings.js";

/** The attention output of a query head over all positions. */
export interface TrueOutput {
  readonly weights: Float32Array; // its row
  /** Weighted values summed over blocks of positions, for whoever reads a block as a whole: [blocks, headDim]. */
  readonly blocks: Float32Array;
  /** Not yet divided by the sum of the weights. */
  readonly output: Float32Array;
}

/** What the lanes of a step are measured against: the true attention of each KV head, and the true outputs. */
export class StepFacts {
  private readonly rows: AttentionRows;
  private readonly settings: ReplaySettings;
  private readonly heads: readonly HeadFacts[];
  private readonly masses: Float64Array;
  private readonly whole: Uint32Array;
  private readonly blocks: Float32Array[] = []; // per KV head, of all its rows
  private readonly outputs: TrueOutput[] = []; // per row

  constructor(rows: AttentionRows, settings: ReplaySettings) {
    const { kernel, kvHeads, rowsPerKvHead, headDim, weights, stride } = rows;
    this.rows = rows;
    this.settings = settings;
    this.heads = Array.from({ length: kvHeads }, () => new HeadFacts(rows, settings));
    this.masses = kernel.doubles(rowsPerKvHead);
    this.whole = kernel.indices(2);
    if (!settings.outputError) return;
    const length = Math.ceil(stride / SUM_BLOCK) * headDim;
    for (let kvHead = 0; kvHead < kvHeads; kvHead++) {
      const blocks = kernel.floats(rowsPerKvHead * length);
      this.blocks.push(blocks);
      for (let own = 0; own < rowsPerKvHead; own++) {
        const row = kvHead * rowsPerKvHead + own;
        this.outputs.push({
          weights: weights.subarray(row * stride, (row + 1) * stride),
          blocks: blocks.subarray(own * length, (own + 1) * length),
          output: kernel.floats(headDim),
        });
      }
    }
  }

  /** Looks at the step that the rows stand at. */
  advance(): void {
    const { kernel, rowsPerKvHead: group, weights, prefix, stride, position, windowStart } = this.rows;
    this.whole[0] = windowStart;
    this.whole[1] = position + 1;
    for (const [kvHead, head] of this.heads.entries()) {
      const { mean } = head;
      const first = kvHead * group;
      const rowWeights = weights.subarray(first * stride);
      const rowPrefix = prefix.subarray(first * (stride + 1));
      kernel.clear(this.whole, 1, mean);
      kernel.attend(rowWeights, rowPrefix, stride, group, this.whole, 1, 1 / group, this.masses, mean);
      head.find(position);
    }
    this.blocks.forEach((blocks, kvHead) => this.computeOutputs(blocks, kvHead));
  }

  /** Share that each position draws, mean over the query heads; valid until the next step. */
  attention(kvHead: number): Float32Array {
    return this.head(kvHead).mean;
  }

  /** Positions that draw at least θ. */
  used(kvHead: number): Uint32Array {
    return this.head(kvHead).used;
  }

  /** The positions that draw most. */
  best(kvHead: number): Uint32Array {
    return this.head(kvHead).best;
  }

  /** Whether a position, used now, had been unused for longer than the gap, or had never been used since it came. */
  isPhoenix(kvHead: number, position: number): boolean {
    const step = this.rows.position - this.rows.promptTokens;
    return step - (this.head(kvHead).lastUse[position] as number) > this.settings.phoenixGapSteps;
  }

  output(row: number): TrueOutput {
    return this.outputs[row] as TrueOutput;
  }

  /** Once all lanes have been measured. */
  settle(): void {
    const step = this.rows.position - this.rows.promptTokens;
    for (const { used, lastUse } of this.heads) {
      for (let i = 0; i < used.length; i++) lastUse[used[i] as number] = step;
    }
  }

  private head(kvHead: number): HeadFacts {
    return this.heads[kvHead] as HeadFacts;
  }

  private computeOutputs(blocks: Float32Array, kvHead: number): void {
    const { kernel, headDim, position, windowStart, rowsPerKvHead, stride } = this.rows;
    const values = this.rows.values(kvHead);
    const first = kvHead * rowsPerKvHead;
    const weights = this.rows.weights.subarray(first * stride);
    kernel.blockSums(weights, stride, rowsPerKvHead, values, headDim, windowStart, position + 1, blocks);
    for (let row = first; row < first + rowsPerKvHead; row++) {
      const own = this.output(row);
      kernel.weightedSum(own.weights, values, own.blocks, headDim, this.whole, 1, own.output);
    }
  }
}

/** Share of the k-th largest attention above which those of the next step mostly lie. */
const BAR = 0.75;

/** The positions of a KV head that matter in a step. */
class HeadFacts {
  readonly mean: Float32Array;
  used: Uint32Array = new Uint32Array(0); // with at least θ of the attention
  best = new Uint32Array(0); // with most of it
  readonly lastUse: Int32Array; // by position: the step
  private readonly rows: AttentionRows;
  private readonly settings: ReplaySettings;
  private readonly found: Uint32Array;
  private readonly shares: Float64Array; // of the positions found
  private readonly above: Uint32Array; // those of them that are used
  private readonly topK: TopK;
  private bar = 0; // the best were above it in the last step

  constructor(rows: AttentionRows, settings: ReplaySettings) {
    const { kernel, totalTokens, promptTokens } = rows;
    this.rows = rows;
    this.settings = settings;
    this.mean = kernel.floats(totalTokens);
    this.found = kernel.indices(totalTokens);
    this.shares = new Float64Array(totalTokens);
    this.above = new Uint32Array(totalTokens);
    this.topK = new TopK(settings.topK);
    // a decoded token is new in its own step; the prompt was there before the first
    this.lastUse = Int32Array.from({ length: totalTokens }, (_, position) => Math.max(-1, position - promptTokens));
  }

  /** Looks at `mean` up to and with a position. */
  find(position: number): void {
    const { kernel } = this.rows;
    const { theta, topK } = this.settings;
    // Those above θ are wanted, and the best, which mostly are above a bar from the last step.
    let count = kernel.atLeast(this.mean, position + 1, Math.min(theta, this.bar), this.found);
    if (count < topK) count = kernel.atLeast(this.mean, position + 1, 0, this.found);
    let used = 0;
    for (let i = 0; i < count; i++) {
      const share = this.mean[this.found[i] as number] as number;
      this.shares[i] = share;
      if (share >= theta) this.above[used++] = this.found[i] as number;
    }
    this.used = this.above.subarray(0, used);
    const indices = this.topK.of(this.shares, 0, count);
    if (this.best.length !== indices.length) this.best = new Uint32Array(indices.length);
    let least = Infinity;
    for (let i = 0; i < indices.length; i++) {
      const index = indices[i] as number;
      this.best[i] = this.found[index] as number;
      least = Math.min(least, this.shares[index] as number);
    }
    this.bar = least * BAR;
  }
}
