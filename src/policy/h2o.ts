import { RangeSet } from "../core/range-set.js";
import { evictByToken } from "./closed-forms.js";
import { BUDGET, definePolicy, NO_WORK, SLOTS_NOTE } from "./definition.js";
import { evictLowest } from "./evict-lowest.js";
import type { Lane, PromptView, StepView } from "./lane.js";

/**
 * H2O (arXiv 2306.14048; FMInference/H2O, h2o_hf/utils_real_drop/modify_llama.py): half of the budget for the tokens
 * that drew most attention so far, half for the newest. Departures: scores and memory are per KV head, where the code
 * has one head a query head; the scores of the prompt cost prefill nothing extra.
 */
export const h2o = definePolicy({
  title: "keeps the tokens that drew most attention, and the newest",
  source: "https://arxiv.org/abs/2306.14048",
  parameters: {
    budget: { ...BUDGET, help: "tokens a layer keeps, heavy hitters and recent ones together" },
    recentFraction: {
      kind: "number",
      default: 0.5,
      min: 0,
      max: 1,
      help: "share of the budget for the newest tokens; does not change memory or reads",
    },
  },
  create: ({ budget, recentFraction }) => ({
    label: `H2O ${budget}`,
    indexPageTokens: 0,
    work: { ...NO_WORK, materialisesScores: true, selects: true },
    notes: [
      SLOTS_NOTE,
      "Needs the attention weights, so decode attention is not fused; prefill is charged as if it were.",
    ],
    footprint: (lengths) => evictByToken(budget, lengths),
    lanes: {
      needs: ["attention", "prompt-mass"],
      group: "kv-head",
      observes: true,
      lookback: 0,
      start: (prompt) => new H2oLane(prompt, budget, Math.floor(budget * recentFraction)),
    },
  }),
});

/** Sums of the attention each position drew; those of the newest positions do not count yet. */
class H2oLane implements Lane {
  readonly held: RangeSet;
  private sums: Float64Array;
  private readonly budget: number;
  private readonly recent: number;

  constructor(prompt: PromptView, budget: number, recent: number) {
    this.held = RangeSet.of([0, prompt.promptTokens]);
    this.sums = Float64Array.from(prompt.columnMass());
    this.budget = budget;
    this.recent = recent;
  }

  select({ position }: StepView): RangeSet {
    this.held.push(position);
    if (position >= this.sums.length) {
      const longer = new Float64Array(2 * position);
      longer.set(this.sums);
      this.sums = longer;
    }
    return this.held;
  }

  update({ position }: StepView, attention: Float32Array): void {
    const { held, sums } = this;
    for (let range = 0; range < held.ranges; range++) {
      const end = held.end(range);
      for (let j = held.start(range); j < end; j++) sums[j] = (sums[j] as number) + (attention[j] as number);
    }
    const over = held.size - this.budget;
    if (over > 0) evictLowest(held, sums, position + 1 - this.recent, over);
  }
}
