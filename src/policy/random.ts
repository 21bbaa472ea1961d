import { RangeSet } from "../core/range-set.js";
import type { Rng } from "../core/rng.js";
import { evictByToken } from "./closed-forms.js";
import { BUDGET, definePolicy, NO_WORK, RECENT_FRACTION, SLOTS_NOTE } from "./definition.js";
import type { Lane, PromptView, StepView } from "./lane.js";

/**
 * Random eviction: the newest tokens stay, of the older ones any goes, each as likely. The baseline that says what a
 * policy's choice is worth; kvpress has it as RandomPress (NVIDIA/kvpress, presses/random_press.py), without protection.
 */
export const random = definePolicy({
  title: "drops any of the older tokens, by chance: a baseline",
  source: "https://github.com/NVIDIA/kvpress",
  parameters: {
    budget: { ...BUDGET, help: "tokens a layer keeps" },
    recentFraction: RECENT_FRACTION,
  },
  create: ({ budget, recentFraction }) => ({
    label: `Random ${budget}`,
    indexPageTokens: 0,
    work: NO_WORK,
    notes: [SLOTS_NOTE, "Chance is that of the seed: one stream for each KV head."],
    footprint: (lengths) => evictByToken(budget, lengths),
    lanes: {
      needs: ["attention"],
      group: "kv-head",
      observes: false,
      lookback: 0,
      start: (prompt) => new RandomLane(prompt, budget, Math.floor(budget * recentFraction)),
    },
  }),
});

class RandomLane implements Lane {
  readonly held: RangeSet;
  private readonly rng: Rng;
  private readonly budget: number;
  private readonly recent: number;

  constructor({ promptTokens, rng }: PromptView, budget: number, recent: number) {
    this.held = RangeSet.of([0, promptTokens]);
    this.rng = rng;
    this.budget = budget;
    this.recent = recent;
  }

  select({ position }: StepView): RangeSet {
    this.held.push(position);
    return this.held;
  }

  update({ position }: StepView): void {
    const before = Math.max(0, position + 1 - this.recent);
    for (let older = this.held.countWithin(0, before); older > 0 && this.held.size > this.budget; older--) {
      this.held.remove(this.nth(Math.floor(this.rng() * older)));
    }
  }

  private nth(index: number): number {
    let rest = index;
    for (let range = 0; ; range++) {
      const length = this.held.end(range) - this.held.start(range);
      if (rest < length) return this.held.start(range) + rest;
      rest -= length;
    }
  }
}
