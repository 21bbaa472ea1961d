import { RangeSet } from "../core/range-set.js";
import { evictByToken } from "./closed-forms.js";
import {
  BUDGET,
  definePolicy,
  HEAD_GROUPS,
  KV_OR_QUERY_HEAD,
  NO_WORK,
  QUERY_HEAD_NOTE,
  RECENT_FRACTION,
  SLOTS_NOTE,
} from "./definition.js";
import { evictLowest } from "./evict-lowest.js";
import type { Lane, PromptView, StepView } from "./lane.js";
import { ScoreSums } from "./score-sums.js";

/**
 * H2O (arXiv 2306.14048; FMInference/H2O, h2o_hf/utils_real_drop/modify_llama.py): half of the budget for the tokens
 * that drew most attention so far, the prompt's own queries included, half for the newest. The code's class defaults (4
 * and 512 tokens) are of no use as a policy; papers use halves. Departures: one choice a KV head by the mean over its
 * query heads, where the code knows query heads only (headGroup=queryHead); the code cuts the prompt at the end of
 * prefill, here the first decode step still reads all of it; the scores of the prompt cost prefill nothing extra.
 */
export const h2o = definePolicy({
  title: "keeps the tokens that drew most attention, and the newest",
  source: "https://arxiv.org/abs/2306.14048",
  parameters: {
    budget: { ...BUDGET, help: "tokens a layer keeps, heavy hitters and recent ones together" },
    recentFraction: RECENT_FRACTION,
    headGroup: KV_OR_QUERY_HEAD,
  },
  create: ({ budget, recentFraction, headGroup }) => ({
    label: `H2O ${budget}`,
    indexPageTokens: 0,
    work: { ...NO_WORK, materialisesScores: true, selects: true },
    notes: [
      SLOTS_NOTE,
      "Needs the attention weights, so decode attention is not fused; prefill is charged as if it were.",
      ...(headGroup === "queryHead" ? [QUERY_HEAD_NOTE] : []),
    ],
    footprint: (lengths) => evictByToken(budget, lengths),
    lanes: {
      needs: ["attention", "prompt-mass"],
      group: HEAD_GROUPS[headGroup],
      observes: true,
      lookback: 0,
      start: (prompt) => new H2oLane(prompt, budget, Math.floor(budget * recentFraction)),
    },
  }),
});

/** The sums of the newest positions do not count yet. */
class H2oLane implements Lane {
  readonly held: RangeSet;
  private readonly sums: ScoreSums;
  private readonly budget: number;
  private readonly recent: number;

  constructor(prompt: PromptView, budget: number, recent: number) {
    this.held = RangeSet.of([0, prompt.promptTokens]);
    this.sums = new ScoreSums(prompt.columnMass());
    this.budget = budget;
    this.recent = recent;
  }

  select({ position }: StepView): RangeSet {
    this.held.push(position);
    return this.held;
  }

  update({ position }: StepView, attention: Float32Array): void {
    const before = position + 1 - this.recent;
    const lowest = this.sums.addAndFindLowest(this.held, attention, before);
    const over = this.held.size - this.budget;
    if (over === 1 && lowest >= 0) this.held.remove(lowest);
    else if (over > 0) evictLowest(this.held, this.sums.values, before, over);
  }
}
