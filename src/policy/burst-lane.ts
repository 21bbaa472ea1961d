import { RangeSet } from "../core/range-set.js";
import type { Lane, StepView } from "./lane.js";
import { TopK } from "./top-k.js";

export interface BurstRules {
  readonly budget: number;
  /** Compression comes in the step of each position that is a multiple of it. */
  readonly interval: number;
  /** Newest slots that stay. */
  readonly window: number;
  /** How survivors are ordered: by position, or by score, best first, as the authors' code leaves them. */
  readonly order: "position" | "slot";
}

/** Rates all slots but the newest `window`, in slot order; more is better. `slots` holds the position of each. */
export type SlotScore = (step: StepView, slots: readonly number[]) => ArrayLike<number>;

/**
 * Cuts the cache to its budget every so many positions, if that much is held: the newest slots stay, of the others the
 * best by score. A slot is a place in the cache; the newest slots are the last ones, whatever the order of those before.
 */
export class BurstLane implements Lane {
  readonly held: RangeSet;
  private slots: number[]; // positions
  private readonly rules: BurstRules;
  private readonly score: SlotScore;
  private readonly best: TopK;

  constructor(promptTokens: number, rules: BurstRules, score: SlotScore) {
    this.held = RangeSet.of([0, promptTokens]);
    this.slots = Array.from({ length: promptTokens }, (_, position) => position);
    this.rules = rules;
    this.score = score;
    this.best = new TopK(rules.budget - rules.window);
  }

  select({ position }: StepView): RangeSet {
    this.held.push(position);
    this.slots.push(position);
    return this.held;
  }

  update(step: StepView): void {
    const { budget, interval, window, order } = this.rules;
    if (step.position % interval !== 0 || this.slots.length < budget) return;
    const scores = this.score(step, this.slots);
    const kept = [...this.best.of(scores, 0, scores.length)];
    if (order === "slot") kept.sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b);
    this.slots = [...kept.map((slot) => this.slots[slot] as number), ...this.slots.slice(-window)];
    this.held.clear();
    for (const position of this.slots.toSorted((a, b) => a - b)) this.held.push(position);
  }
}
