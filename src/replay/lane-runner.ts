import type { AttentionRows } from "../attention/attention-rows.js";
import { InputError } from "../core/check.js";
import { RangeSet } from "../core/range-set.js";
import type { Lane, Lanes } from "../policy/lane.js";
import type { GroupView } from "./group-view.js";
import type { PolicyMeasures } from "./measures.js";
import type { Selection } from "./selection.js";
import type { StepFacts } from "./step-facts.js";

/** The rows and the KV head range a lane decides for. */
export interface LaneRows {
  readonly from: number; // rows from … to - 1
  readonly to: number;
}

const NONE = new Float32Array(0);
/** Below this share of the row, a difference of prefix sums has lost too many digits. */
const CANCELLED = 1e-8;

/** Drives one lane through the steps, keeps it to the laws and measures what it loses. */
export class LaneRunner {
  private readonly policy: string;
  private readonly lane: Lane;
  private readonly observes: boolean;
  private readonly view: GroupView;
  private readonly rows: AttentionRows;
  private readonly place: LaneRows;
  private readonly facts: StepFacts;
  private readonly before = new RangeSet();
  private readonly attention: Float32Array;
  private readonly ranges: Uint32Array;
  private readonly masses: Float64Array;
  private readonly output: Float32Array;

  constructor(policy: string, lanes: Lanes, view: GroupView, rows: AttentionRows, place: LaneRows, facts: StepFacts) {
    const { kernel, totalTokens, headDim } = rows;
    this.policy = policy;
    this.lane = lanes.start(view);
    this.observes = lanes.observes;
    this.view = view;
    this.rows = rows;
    this.place = place;
    this.facts = facts;
    this.attention = lanes.observes ? kernel.floats(totalTokens) : NONE;
    this.ranges = kernel.indices(totalTokens + 2);
    this.masses = kernel.doubles(place.to - place.from);
    this.output = kernel.floats(headDim);
  }

  /** One decode step; measured if `measures` are given, shown to `select` if that is. */
  step(
    measures: PolicyMeasures | undefined,
    outputError: boolean,
    show: ((selection: Selection) => void) | undefined,
  ): void {
    const { position } = this.rows;
    this.before.copy(this.lane.held);
    this.before.push(position);
    const read = this.lane.select(this.view);
    this.require(read.has(position), "does not read the newest token");
    this.require(this.lane.held.includes(read), "reads what it does not hold");
    if (measures !== undefined || this.observes) this.weigh(read);
    if (measures !== undefined) this.measure(measures, read, outputError);
    const readPairs = show === undefined ? [] : read.pairs();
    this.lane.update(this.view, this.attention);
    if (this.observes)
      for (let i = 0; i < this.spans; i++) this.attention.fill(0, this.ranges[2 * i], this.ranges[2 * i + 1]);
    this.require(this.before.includes(this.lane.held), "holds what it had evicted");
    show?.({ step: this.view.step, kept: this.lane.held.pairs(), read: readPairs });
  }
  private spans = 0;

  /** Masses of the rows on what is read and, for a lane that observes, the attention over it. */
  private weigh(read: RangeSet): void {
    const { kernel, weights, prefix, stride } = this.rows;
    const { from, to } = this.place;
    if (this.observes) {
      this.spans = read.writeTo(this.ranges);
      const rowWeights = weights.subarray(from * stride);
      const rowPrefix = prefix.subarray(from * (stride + 1));
      kernel.attend(
        rowWeights,
        rowPrefix,
        stride,
        to - from,
        this.ranges,
        this.spans,
        1 / (to - from),
        this.masses,
        this.attention,
      );
      return;
    }
    for (let row = from; row < to; row++) this.masses[row - from] = this.massOf(row, read);
  }

  private massOf(row: number, read: RangeSet): number {
    const { weights, prefix, stride, position } = this.rows;
    const sums = row * (stride + 1);
    let mass = 0;
    for (let i = 0; i < read.ranges; i++) {
      mass += (prefix[sums + read.end(i)] as number) - (prefix[sums + read.start(i)] as number);
    }
    if (mass >= CANCELLED * (prefix[sums + position + 1] as number)) return mass;
    mass = 0;
    for (const j of read) mass += weights[row * stride + j] as number;
    return mass;
  }

  private measure(measures: PolicyMeasures, read: RangeSet, outputError: boolean): void {
    const group = this.rows.rowsPerKvHead;
    for (let first = this.place.from; first < this.place.to;) {
      const kvHead = Math.floor(first / group);
      const end = Math.min(this.place.to, (kvHead + 1) * group);
      this.measureHead(measures, read, outputError, kvHead, first, end);
      first = end;
    }
  }

  private measureHead(
    measures: PolicyMeasures,
    read: RangeSet,
    outputError: boolean,
    kvHead: number,
    from: number,
    to: number,
  ): void {
    const { prefix, stride, position, rowsPerKvHead } = this.rows;
    const { held } = this.lane;
    const share = 1 / rowsPerKvHead;
    for (let row = from; row < to; row++) {
      const total = prefix[row * (stride + 1) + position + 1] as number;
      const mass = this.masses[row - this.place.from] as number;
      measures.add(kvHead, "recall", Math.min(1, mass / total), share);
      if (outputError) measures.add(kvHead, "outputError", this.outputErrorOf(row, read, mass, total), share);
    }
    const part = (to - from) / rowsPerKvHead;
    const best = this.facts.best(kvHead);
    let hits = 0;
    for (const j of best) if (read.has(j)) hits++;
    let missed = 0;
    let phoenix = 0;
    for (const j of this.facts.used(kvHead)) {
      if (held.has(j)) continue;
      missed++;
      if (this.facts.isPhoenix(kvHead, j)) phoenix++;
    }
    measures.add(kvHead, "topKRecall", hits / best.length, part);
    measures.add(kvHead, "milestoneMisses", missed, part);
    measures.add(kvHead, "phoenixMisses", phoenix, part);
    measures.add(kvHead, "heldTokens", held.size, part);
    measures.add(kvHead, "readTokens", read.size, part);
  }

  /** ‖o - ô‖ / ‖o‖ of one query head: o over everything, ô over what was read, each with weights that sum to 1. */
  private outputErrorOf(row: number, read: RangeSet, mass: number, total: number): number {
    const { kernel, weights, stride, rowsPerKvHead } = this.rows;
    if (mass === 0) return 1;
    const values = this.rows.values(Math.floor(row / rowsPerKvHead));
    const rowWeights = weights.subarray(row * stride);
    this.output.fill(0);
    for (let i = 0; i < read.ranges; i++) kernel.addValues(rowWeights, values, read.start(i), read.end(i), this.output);
    const truth = this.facts.output(row);
    let difference = 0;
    let norm = 0;
    for (let c = 0; c < truth.length; c++) {
      const exact = (truth[c] as number) / total;
      difference += (exact - (this.output[c] as number) / mass) ** 2;
      norm += exact ** 2;
    }
    return norm === 0 ? 0 : Math.sqrt(difference / norm);
  }

  private require(holds: boolean, what: string): void {
    if (!holds)
      throw new InputError(`policy ${this.policy}`, `breaks the laws of lanes: ${what} at step ${this.view.step}`);
  }
}
