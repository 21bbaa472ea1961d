import { check, InputError } from "../core/check.js";
import type { AttentionTrace } from "../trace/attention-trace.js";
import type { AttentionRows, RowsWanted } from "./attention-rows.js";
import { LogitRing } from "./logit-ring.js";
import type { PageIndex } from "./page-index.js";
import { RecordedKeys } from "./recorded-keys.js";
import { TILE, type RowKernel } from "./row-kernel.js";

/** Page bounds that all who ask for the same rows and pages share. */
interface SharedBounds {
  readonly from: number;
  readonly to: number;
  readonly page: number;
  readonly index: PageIndex;
  readonly bounds: Float32Array;
  position: number; // they hold for
}

/** Attention rows computed from recorded queries and keys: a row for each query head. */
export class QkvRows implements AttentionRows {
  readonly kernel: RowKernel;
  readonly promptTokens: number;
  readonly totalTokens: number;
  readonly headDim: number;
  readonly kvHeads: number;
  readonly rowsPerKvHead: number;
  readonly stride: number;
  readonly weights: Float32Array;
  readonly prefix: Float64Array;
  position = -1;
  windowStart = 0;
  private readonly layer: number;
  private readonly slidingWindow: number;
  private readonly rows: number;
  private readonly lookback: number;
  private readonly keys: RecordedKeys;
  private readonly ring: LogitRing;
  private readonly bounds: SharedBounds[] = [];
  private readonly massOf: readonly Float32Array[];

  /** Stands at the prompt's last query afterwards, if that was recorded and is wanted; else before the first position. */
  constructor(trace: AttentionTrace, wanted: RowsWanted, kernel: RowKernel) {
    const { promptTokens, totalTokens, headDim, kvHeads, queryHeads, queryStart = 0, slidingWindow } = trace.metadata;
    this.kernel = kernel;
    this.layer = wanted.layer;
    this.promptTokens = promptTokens;
    this.totalTokens = totalTokens;
    this.headDim = headDim;
    this.kvHeads = wanted.kvTo - wanted.kvFrom;
    this.rowsPerKvHead = queryHeads / kvHeads;
    this.rows = this.kvHeads * this.rowsPerKvHead;
    this.lookback = wanted.lookback;
    this.slidingWindow = slidingWindow ?? Infinity;
    this.stride = Math.ceil(totalTokens / TILE) * TILE;
    this.weights = kernel.floats(this.rows * this.stride);
    this.prefix = kernel.doubles(this.rows * (this.stride + 1));
    this.keys = new RecordedKeys(trace, wanted, kernel);
    const first = wanted.promptMass ? 0 : (wanted.first ?? Math.max(0, queryStart, promptTokens - wanted.lookback));
    this.ring = new LogitRing(trace, wanted, this.keys.tiles, first, kernel);
    this.massOf = wanted.promptMass ? this.perRow(() => kernel.floats(promptTokens)) : [];
    if (wanted.promptMass) this.sumPrompt();
    else if (wanted.first === undefined && first < promptTokens) this.moveTo(promptTokens - 1);
  }

  moveTo(position: number): void {
    check(position > this.position && position < this.totalTokens, () => `row ${position} after row ${this.position}`);
    this.ring.reach(position);
    this.position = position;
    this.windowStart = Math.max(0, position + 1 - this.slidingWindow);
    for (let row = 0; row < this.rows; row++) {
      const weights = this.weights.subarray(row * this.stride);
      const prefix = this.prefix.subarray(row * (this.stride + 1));
      this.kernel.softmax(this.ring.row(position, row), this.windowStart, position + 1, weights, prefix);
      if (!Number.isFinite(prefix[position + 1])) {
        const where = `layer ${this.layer} at position ${position}`;
        throw new InputError(
          "trace",
          `has no finite attention in ${where}: queries, keys and softmaxScale are too large`,
        );
      }
    }
  }

  logits(back: number, row: number): Float32Array {
    check(back < Math.max(1, this.lookback), () => `logits ${back} steps back of a lookback of ${this.lookback}`);
    return this.ring.row(this.position - back, row);
  }

  logitsOn(row: number, keys: Float32Array, positions: ArrayLike<number>, out: Float64Array): void {
    this.ring.logitsOn(this.position, row, keys, positions, out);
  }

  key(kvHead: number, position: number, out: Float32Array): void {
    this.keys.key(kvHead, position, out);
  }

  values(kvHead: number): Float32Array {
    return this.keys.values(kvHead);
  }

  pageBounds(from: number, to: number, page: number): Float32Array {
    const shared = this.sharedBounds(from, to, page);
    if (shared.position !== this.position) {
      shared.position = this.position;
      shared.index.bounds(this.ring.queries(this.position, from, to), to - from, this.position, shared.bounds);
    }
    return shared.bounds;
  }

  promptMass(row: number): Float32Array {
    const mass = this.massOf[row];
    check(mass !== undefined, "the prompt's mass was not asked for");
    return mass;
  }

  private sharedBounds(from: number, to: number, page: number): SharedBounds {
    for (const shared of this.bounds)
      if (shared.page === page && shared.from === from && shared.to === to) return shared;
    const kvHead = Math.floor(from / this.rowsPerKvHead);
    check(to <= (kvHead + 1) * this.rowsPerKvHead, "page bounds of rows of several KV heads");
    const bounds = this.kernel.floats(Math.ceil(this.totalTokens / page / TILE) * TILE);
    const shared = { from, to, page, index: this.keys.pageIndex(kvHead, page), bounds, position: -1 };
    this.bounds.push(shared);
    return shared;
  }

  private sumPrompt(): void {
    const ranges = this.kernel.indices(2);
    const masses = this.kernel.doubles(1);
    for (let position = 0; position < this.promptTokens; position++) {
      this.moveTo(position);
      ranges[0] = this.windowStart;
      ranges[1] = position + 1;
      this.massOf.forEach((mass, row) => {
        const weights = this.weights.subarray(row * this.stride);
        const prefix = this.prefix.subarray(row * (this.stride + 1));
        this.kernel.attend(weights, prefix, this.stride, 1, ranges, 1, 1, masses, mass);
      });
    }
  }

  private perRow<T>(make: () => T): T[] {
    return Array.from({ length: this.rows }, make);
  }
}
