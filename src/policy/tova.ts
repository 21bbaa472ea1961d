import { RangeSet } from "../core/range-set.js";
import { evictByToken } from "./closed-forms.js";
import { BUDGET, definePolicy, NO_WORK, SLOTS_NOTE } from "./definition.js";
import { evictLowest } from "./evict-lowest.js";
import type { Lane, StepView } from "./lane.js";

/**
 * TOVA (arXiv 2401.06104; schwartz-lab-NLP/TOVA, src/tova_cache.py): after each step the token that this step's query
 * attends to least is dropped, the same one for all heads of a layer, whose attention is averaged. Nothing is protected,
 * not even the newest. Departure: the code cuts the prompt at the end of prefill, here the first decode step still reads
 * all of it.
 */
export const tova = definePolicy({
  title: "drops the token the newest query attends to least",
  source: "https://arxiv.org/abs/2401.06104",
  parameters: { budget: { ...BUDGET, help: "tokens a layer keeps" } },
  create: ({ budget }) => ({
    label: `TOVA ${budget}`,
    indexPageTokens: 0,
    work: { ...NO_WORK, materialisesScores: true, selects: true },
    notes: [SLOTS_NOTE, "Needs the attention weights, so decode attention is not fused."],
    footprint: (lengths) => evictByToken(budget, lengths),
    lanes: {
      needs: ["attention"],
      group: "layer",
      observes: true,
      lookback: 0,
      start: ({ promptTokens }) => new TovaLane(promptTokens, budget),
    },
  }),
});

class TovaLane implements Lane {
  readonly held: RangeSet;
  private readonly budget: number;

  constructor(promptTokens: number, budget: number) {
    this.held = RangeSet.of([0, promptTokens]);
    this.budget = budget;
  }

  select({ position }: StepView): RangeSet {
    this.held.push(position);
    return this.held;
  }

  update({ position }: StepView, attention: Float32Array): void {
    const over = this.held.size - this.budget;
    if (over > 0) evictLowest(this.held, attention, position + 1, over);
  }
}
