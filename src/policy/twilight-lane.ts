import { RangeSet } from "../core/range-set.js";
import type { Lane, PromptView, StepView } from "./lane.js";
import { PageLane } from "./page-lane.js";
import { roundHalfToEven } from "./rounding.js";
import { smallestShare } from "./top-p.js";
import { softmax } from "./window-votes.js";

export interface TwilightRules {
  readonly p: number;
  readonly pages: number; // of the base
  readonly page: number;
  readonly keyBits: number;
}

/** A base of pages, thinned out by estimated attention. */
export class TwilightLane implements Lane {
  private readonly base: PageLane;
  private readonly reads = new RangeSet();
  private coarseKeys = new Float32Array(0); // [position, headDim]
  private readonly rules: TwilightRules;

  constructor(prompt: PromptView, rules: TwilightRules) {
    const { promptTokens } = prompt;
    this.rules = rules;
    this.base = new PageLane(promptTokens, rules.pages, rules.page, (step) => step.pageBounds(rules.page));
    for (let position = 0; position < promptTokens; position++) this.addKey(prompt, position);
  }

  get held(): RangeSet {
    return this.base.held;
  }

  select(step: StepView): RangeSet {
    this.addKey(step, step.position);
    const base = [...this.base.select(step)];
    const estimates = new Float64Array(step.position + 1);
    for (let head = 0; head < step.queryHeads; head++) this.addEstimates(step, head, base, estimates);
    this.reads.clear();
    for (const position of smallestShare(estimates, base, this.rules.p, step.position)) this.reads.push(position);
    return this.reads;
  }

  update(): void {
    // nothing is ever evicted
  }

  /** Adds one query head's estimated attention over the base. */
  private addEstimates(step: StepView, head: number, base: readonly number[], estimates: Float64Array): void {
    const exact = step.logits(0, head);
    const logits = new Float64Array(base.length);
    step.logitsOn(head, this.coarseKeys, base, logits);
    base.forEach((position, i) => {
      if (exact[position] === -Infinity) logits[i] = -Infinity; // beyond the model's own window
    });
    softmax(logits);
    base.forEach((position, i) => (estimates[position] = (estimates[position] as number) + (logits[i] as number)));
  }

  private addKey(view: PromptView | StepView, position: number): void {
    const { headDim } = view;
    const end = (position + 1) * headDim;
    if (end > this.coarseKeys.length) {
      const longer = new Float32Array(2 * end);
      longer.set(this.coarseKeys);
      this.coarseKeys = longer;
    }
    const key = this.coarseKeys.subarray(position * headDim, end);
    view.key(position, key);
    quantise(key, this.rules.keyBits);
  }
}

/** In place, to 2^bits equal steps between the smallest and the largest channel; halves round to even, as in the code. */
function quantise(key: Float32Array, bits: number): void {
  const least = key.reduce((a, b) => Math.min(a, b), Infinity);
  const range = Math.max(key.reduce((a, b) => Math.max(a, b), -Infinity) - least, 1e-9);
  const levels = 2 ** bits - 1;
  key.forEach((channel, c) => {
    key[c] = least + (roundHalfToEven(((channel - least) * levels) / range) * range) / levels;
  });
}
