import { InputError } from "../core/check.js";
import type { Rng } from "../core/rng.js";
import type { TraceChannel } from "../trace/attention-trace.js";
import type { Lanes, PromptView, QueryView, StepView } from "./lane.js";

/** What the lanes of a module have asked to see. */
type Asked = Pick<Lanes, "needs" | "lookback" | "oracle" | "seesLayer">;

/**
 * What a user's module sees of a recording: no more than it has asked for, nothing that comes later than the newest token,
 * and copies of what other policies look at too. Without it, a policy could peek unnoticed at the attention that it is
 * there to predict, and its recall would mean nothing.
 */
export class OutsideView implements PromptView, StepView {
  private view: PromptView & StepView;
  private readonly asked: Asked;
  private readonly path: string;

  constructor(view: QueryView, asked: Asked, path: string) {
    this.view = view as PromptView & StepView;
    this.asked = asked;
    this.path = path;
  }

  /** The same view of another step. */
  at(step: StepView): this {
    this.view = step as PromptView & StepView;
    return this;
  }

  get promptTokens(): number {
    return this.view.promptTokens;
  }

  get position(): number {
    return this.view.position;
  }

  get queryHeads(): number {
    return this.view.queryHeads;
  }

  get headDim(): number {
    return this.view.headDim;
  }

  get layer(): number {
    return this.view.layer;
  }

  get layersTotal(): number {
    return this.view.layersTotal;
  }

  get rng(): Rng {
    return this.view.rng;
  }

  get group(): number {
    this.require(this.asked.seesLayer === true, "group", "lanes: seesLayer is not true");
    return this.view.group;
  }

  get surveys(): ReadonlyMap<number, number> {
    return this.view.surveys;
  }

  get step(): number {
    return this.view.step;
  }

  logits(back: number, queryHead: number): Float32Array {
    this.requireChannel("logits", "queries");
    this.requireWithin("logits", "back", back, this.asked.lookback);
    this.requireWithin("logits", "queryHead", queryHead, this.queryHeads);
    return this.view.logits(back, queryHead).slice(0, this.position - back + 1);
  }

  key(position: number, out: Float32Array): void {
    this.requireChannel("key", "keys");
    this.requireWithin("key", "position", position, this.position + 1);
    this.view.key(position, out);
  }

  logitsOn(queryHead: number, keys: Float32Array, positions: ArrayLike<number>, out: Float64Array): void {
    this.requireChannel("logitsOn", "queries");
    this.requireWithin("logitsOn", "queryHead", queryHead, this.queryHeads);
    this.view.logitsOn(queryHead, keys, positions, out);
  }

  pageBounds(page: number): Float32Array {
    this.requireChannel("pageBounds", "page-bounds");
    return this.view.pageBounds(page).slice(0, Math.floor(this.position / page) + 1);
  }

  columnMass(): Float32Array {
    this.requireChannel("columnMass", "prompt-mass");
    return this.view.columnMass();
  }

  groups(): readonly QueryView[] {
    this.require(this.asked.seesLayer === true, "groups", "lanes: seesLayer is not true");
    return this.view.groups().map((other) => new OutsideView(other, this.asked, this.path));
  }

  truth(): Float32Array {
    this.requireOracle("truth");
    return this.view.truth();
  }

  truthOf(queryHead: number): Float32Array {
    this.requireOracle("truthOf");
    this.requireWithin("truthOf", "queryHead", queryHead, this.queryHeads);
    return this.view.truthOf(queryHead);
  }

  eachFutureRow(visit: (step: number, truth: Float32Array) => void): void {
    this.require(this.asked.oracle === "future", "eachFutureRow", 'lanes: oracle is not "future"');
    this.view.eachFutureRow(visit);
  }

  private requireOracle(what: string): void {
    this.require(
      this.asked.oracle !== undefined,
      what,
      "lanes: oracle is not set, and every report would have to say so",
    );
  }

  private requireChannel(what: string, channel: TraceChannel): void {
    this.require(this.asked.needs.includes(channel), what, `lanes: needs has no "${channel}"`);
  }

  private requireWithin(what: string, name: string, value: number, end: number): void {
    const within = Number.isInteger(value) && value >= 0 && value < end;
    this.require(within, what, `${name} is ${value}; there it can be from 0 to ${end - 1}`);
  }

  private require(holds: boolean, what: string, why: string): void {
    if (!holds) throw new InputError(this.path, `${what} is not for it to see: ${why}`);
  }
}
