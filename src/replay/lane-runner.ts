import type { AttentionRows } from "../attention/attention-rows.js";
import { InputError } from "../core/check.js";
import { RangeSet } from "../core/range-set.js";
import type { Lane, Lanes } from "../policy/lane.js";
import type { GroupView } from "./group-view.js";
import { AT, type PolicyMeasures } from "./measures.js";
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
  private readonly weights: Float32Array; // from the lane's first row on
  private readonly prefix: Float64Array;
  private readonly attention: Float32Array;
  private readonly ranges: Uint32Array; // of what is read, for the kernels
  private readonly masses: Float64Array;
  private readonly output: Float32Array;

  constructor(policy: string, lanes: Lanes, view: GroupView, rows: AttentionRows, place: LaneRows, facts: StepFacts) {
    const { kernel, totalTokens, headDim, weights, prefix, stride } = rows;
    this.policy = policy;
    this.lane = lanes.start(view);
    this.observes = lanes.observes;
    this.view = view;
    this.rows = rows;
    this.place = place;
    this.facts = facts;
    this.weights = weights.subarray(place.from * stride);
    this.prefix = prefix.subarray(place.from * (stride + 1));
    this.attention = lanes.observes ? kernel.floats(totalTokens) : NONE;
    this.ranges = kernel.indices(totalTokens + 2);
    this.masses = kernel.doubles(place.to - place.from);
    this.output = kernel.floats(headDim);
  }

  /** One decode step; measured if `measures` are given, shown to `show` if that is. */
  step(
    measures: PolicyMeasures | undefined,
    outputError: boolean,
    show: ((selection: Selection) => void) | undefined,
  ): void {
    const { lane, before, view, observes } = this;
    const { position, kernel } = this.rows;
    const { held } = lane;
    before.copy(held);
    before.push(position);
    const read = lane.select(view);
    const last = read.ranges - 1;
    this.require(
      last >= 0 && read.end(last) > position && read.start(last) <= position,
      "does not read up to the newest token",
    );
    this.require(held.includes(read), "reads what it does not hold");
    const kernelRanges = observes || (measures !== undefined && outputError) ? read.writeTo(this.ranges) : 0;
    if (observes) this.attend(kernelRanges);
    else if (measures !== undefined) this.weigh(read);
    if (measures !== undefined) this.measure(measures, read, outputError ? kernelRanges : 0);
    const readPairs = show === undefined ? [] : read.pairs();
    lane.update(view, this.attention);
    if (observes) kernel.clear(this.ranges, kernelRanges, this.attention);
    // A set that has only lost numbers needs no look at each of them.
    const onlyLost = lane.held === held && held.everPushed === before.everPushed;
    this.require(onlyLost || before.includes(lane.held), "holds what it had evicted");
    show?.({ step: view.step, kept: lane.held.pairs(), read: readPairs });
  }

  /** Masses of the rows on what is read, and the attention over it. */
  private attend(ranges: number): void {
    const { from, to } = this.place;
    const { kernel, stride } = this.rows;
    const rows = to - from;
    kernel.attend(this.weights, this.prefix, stride, rows, this.ranges, ranges, 1 / rows, this.masses, this.attention);
  }

  /** Masses of the rows on what is read. */
  private weigh(read: RangeSet): void {
    const { prefix, masses } = this;
    const { stride, position } = this.rows;
    const count = read.ranges;
    for (let row = 0; row < masses.length; row++) {
      const sums = row * (stride + 1);
      let mass = 0;
      for (let i = 0; i < count; i++) {
        mass += (prefix[sums + read.end(i)] as number) - (prefix[sums + read.start(i)] as number);
      }
      const cancelled = mass < CANCELLED * (prefix[sums + position + 1] as number);
      masses[row] = cancelled ? this.sum(row, read) : mass;
    }
  }

  private sum(row: number, read: RangeSet): number {
    const first = row * this.rows.stride;
    let mass = 0;
    for (const j of read) mass += this.weights[first + j] as number;
    return mass;
  }

  /** `outputRanges`: of what is read, in `ranges`; 0 if outputs are not compared. */
  private measure(measures: PolicyMeasures, read: RangeSet, outputRanges: number): void {
    const group = this.rows.rowsPerKvHead;
    for (let first = this.place.from; first < this.place.to;) {
      const kvHead = Math.floor(first / group);
      const end = Math.min(this.place.to, (kvHead + 1) * group);
      if (measures.measured[kvHead] === true) this.measureHead(measures, read, outputRanges, kvHead, first, end);
      first = end;
    }
  }

  private measureHead(
    measures: PolicyMeasures,
    read: RangeSet,
    outputRanges: number,
    kvHead: number,
    from: number,
    to: number,
  ): void {
    const { stride, position, rowsPerKvHead } = this.rows;
    const { facts } = this;
    const { held } = this.lane;
    const share = 1 / rowsPerKvHead;
    for (let row = from; row < to; row++) {
      const own = row - this.place.from;
      const total = this.prefix[own * (stride + 1) + position + 1] as number;
      const mass = this.masses[own] as number;
      measures.add(kvHead, AT.recall, share * Math.min(1, mass / total));
      if (outputRanges > 0) {
        measures.add(kvHead, AT.outputError, share * this.outputErrorOf(row, outputRanges, mass, total));
      }
    }
    const part = (to - from) / rowsPerKvHead;
    const best = facts.best(kvHead);
    const used = facts.used(kvHead);
    measures.add(kvHead, AT.topKRecall, (part * read.countOf(best)) / best.length);
    measures.add(kvHead, AT.heldTokens, part * held.size);
    measures.add(kvHead, AT.readTokens, part * read.size);
    if (held.size === position + 1) return; // nothing was ever evicted
    let missed = 0;
    let phoenix = 0;
    for (let i = 0; i < used.length; i++) {
      const j = used[i] as number;
      if (held.has(j)) continue;
      missed++;
      if (facts.isPhoenix(kvHead, j)) phoenix++;
    }
    measures.add(kvHead, AT.milestoneMisses, part * missed);
    measures.add(kvHead, AT.phoenixMisses, part * phoenix);
  }

  /** ‖o - ô‖ / ‖o‖ of one query head: o over everything, ô over what was read, each with weights that sum to 1. */
  private outputErrorOf(row: number, ranges: number, mass: number, total: number): number {
    const { kernel, headDim, rowsPerKvHead } = this.rows;
    if (mass === 0) return 1;
    const { output } = this;
    const { weights, blocks, output: truth } = this.facts.output(row);
    const values = this.rows.values(Math.floor(row / rowsPerKvHead));
    kernel.weightedSum(weights, values, blocks, headDim, this.ranges, ranges, output);
    let difference = 0;
    let norm = 0;
    for (let c = 0; c < headDim; c++) {
      const exact = (truth[c] as number) / total;
      const miss = exact - (output[c] as number) / mass;
      difference += miss * miss;
      norm += exact * exact;
    }
    return norm === 0 ? 0 : Math.sqrt(difference / norm);
  }

  private require(holds: boolean, what: string): void {
    if (!holds)
      throw new InputError(`policy ${this.policy}`, `breaks the laws of lanes: ${what} at step ${this.view.step}`);
  }
}
