import { check } from "../core/check.js";
import type { Rng } from "../core/rng.js";
import type { AttentionRows } from "../attention/attention-rows.js";
import type { PromptView, QueryView, StepView } from "../policy/lane.js";

/** For oracles that run ahead. */
export interface Ahead {
  /** The same rows anew. */
  readonly open: () => AttentionRows;
  /** Steps that will be replayed. */
  readonly steps: number;
}

export interface GroupPlace {
  readonly layer: number;
  readonly layersTotal: number;
  /** Index of the group in its layer. */
  readonly group: number;
  readonly rng: Rng;
  readonly surveys: ReadonlyMap<number, number>;
  readonly groups: () => readonly QueryView[];
  readonly ahead?: Ahead;
}

/** Attention rows `from … to - 1` as the lane of a group of heads sees them, in the prompt and in each step. */
export class GroupView implements PromptView, StepView {
  readonly promptTokens: number;
  readonly headDim: number;
  readonly queryHeads: number;
  readonly layer: number;
  readonly layersTotal: number;
  readonly group: number;
  readonly rng: Rng;
  readonly surveys: ReadonlyMap<number, number>;
  readonly groups: () => readonly QueryView[];
  private readonly rows: AttentionRows;
  private readonly from: number;
  private readonly ahead: Ahead | undefined;
  private readonly place: GroupPlace;
  private readonly bounds = new Map<number, { step: number; mean: Float32Array }>(); // over several KV heads
  private readonly truths: { step: number; mean: Float32Array };

  constructor(rows: AttentionRows, from: number, to: number, place: GroupPlace) {
    this.rows = rows;
    this.from = from;
    this.queryHeads = to - from;
    this.promptTokens = rows.promptTokens;
    this.headDim = rows.headDim;
    this.layer = place.layer;
    this.layersTotal = place.layersTotal;
    this.group = place.group;
    this.rng = place.rng;
    this.surveys = place.surveys;
    this.groups = place.groups;
    this.ahead = place.ahead;
    this.place = place;
    this.truths = { step: -1, mean: new Float32Array(0) };
  }

  get position(): number {
    return Math.max(this.rows.position, this.promptTokens - 1);
  }

  get step(): number {
    return this.rows.position - this.promptTokens;
  }

  logits(back: number, queryHead: number): Float32Array {
    return this.rows.logits(back, this.from + queryHead);
  }

  key(position: number, out: Float32Array): void {
    check(this.queryHeads <= this.rows.rowsPerKvHead, "a key of which KV head?");
    this.rows.key(Math.floor(this.from / this.rows.rowsPerKvHead), position, out);
  }

  columnMass(): Float32Array {
    const mean = new Float32Array(this.promptTokens);
    for (let head = 0; head < this.queryHeads; head++) {
      const mass = this.rows.promptMass(this.from + head);
      for (let j = 0; j < mean.length; j++) mean[j] = (mean[j] as number) + (mass[j] as number) / this.queryHeads;
    }
    return mean;
  }

  pageBounds(page: number): Float32Array {
    const { rowsPerKvHead: size } = this.rows;
    if (this.queryHeads <= size) return this.rows.pageBounds(this.from, this.from + this.queryHeads, page);
    let cached = this.bounds.get(page);
    if (cached === undefined) {
      cached = { step: -1, mean: new Float32Array(Math.ceil(this.rows.totalTokens / page)) };
      this.bounds.set(page, cached);
    }
    if (cached.step === this.step) return cached.mean;
    cached.step = this.step;
    const pages = Math.floor(this.position / page) + 1;
    const { mean } = cached;
    mean.fill(0, 0, pages);
    for (let first = this.from; first < this.from + this.queryHeads; first += size) {
      const ofKvHead = this.rows.pageBounds(first, first + size, page);
      for (let p = 0; p < pages; p++)
        mean[p] = (mean[p] as number) + ((ofKvHead[p] as number) * size) / this.queryHeads;
    }
    return mean;
  }

  logitsOn(queryHead: number, keys: Float32Array, positions: ArrayLike<number>, out: Float64Array): void {
    this.rows.logitsOn(this.from + queryHead, keys, positions, out);
  }

  truth(): Float32Array {
    if (this.truths.mean.length === 0) this.truths.mean = new Float32Array(this.rows.totalTokens);
    if (this.truths.step === this.step) return this.truths.mean;
    this.truths.step = this.step;
    this.truths.mean.fill(0, 0, this.position + 1);
    for (let head = 0; head < this.queryHeads; head++) this.addTruth(head, 1 / this.queryHeads, this.truths.mean);
    return this.truths.mean;
  }

  truthOf(queryHead: number): Float32Array {
    const row = new Float32Array(this.position + 1);
    this.addTruth(queryHead, 1, row);
    return row;
  }

  eachFutureRow(visit: (step: number, truth: Float32Array) => void): void {
    check(this.ahead !== undefined, "only an oracle that asks for the future sees it");
    const rows = this.ahead.open();
    const view = new GroupView(rows, this.from, this.from + this.queryHeads, this.place);
    for (let step = 0; step < this.ahead.steps; step++) {
      rows.moveTo(rows.promptTokens + step);
      visit(view.step, view.truth());
    }
  }

  private addTruth(head: number, share: number, out: Float32Array): void {
    const { weights, prefix, stride, position } = this.rows;
    const row = this.from + head;
    const total = prefix[row * (stride + 1) + position + 1] as number;
    for (let j = 0; j <= position; j++) {
      out[j] = (out[j] as number) + ((weights[row * stride + j] as number) / total) * share;
    }
  }
}
