import { RangeSet } from "../core/range-set.js";
import type { Rng } from "../core/rng.js";
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
import { gumbel } from "./gumbel.js";
import type { Lane, PromptView, StepView } from "./lane.js";
import { ScoreSums } from "./score-sums.js";
import { softmax } from "./window-votes.js";

/**
 * Keyformer (arXiv 2403.09054; d-matrix-ai/keyformer-llm, models/gptj-keyformer-lib/modeling_gptj.py): as H2O, but each
 * step adds softmax((logit + Gumbel noise) / τ) over what it reads, τ = 1 + (step + 1) · tauDelta. The paper lets τ end at
 * 2, so tauDelta is 1 / (tokens to be generated); the code's default, 0.01, is that for 100 tokens, ours for 10,000. The
 * code's cache is 60 % of the prompt (promptShare=0.6), of which 30 % are recent; as other policies, a budget in tokens is
 * the default here. Departures: the logarithm of the attention stands for the logit (the same up to a constant for a
 * query head; of a KV head it is that of the mean over its query heads, so that recorded scores are enough); sums of the
 * prompt's own queries are without noise, as recordings of scores hold only these; the code cuts the prompt at the end of
 * prefill, here the first decode step still reads all of it.
 */
export const keyformer = definePolicy({
  title: "as H2O, with noise on the scores and a rising temperature",
  source: "https://arxiv.org/abs/2403.09054",
  parameters: {
    budget: { ...BUDGET, help: "tokens a layer keeps, key tokens and recent ones together" },
    promptShare: {
      kind: "number",
      default: 0,
      min: 0,
      max: 1,
      help: "share of the prompt that is the budget instead, as in the code (0.6); 0: the budget counts",
    },
    recentFraction: { ...RECENT_FRACTION, default: 0.3 },
    tauDelta: {
      kind: "number",
      default: 1e-4,
      min: 0,
      max: 1,
      help: "by how much the temperature rises in a step; does not change memory or reads",
    },
    headGroup: KV_OR_QUERY_HEAD,
  },
  create: ({ budget, promptShare, recentFraction, tauDelta, headGroup }) => {
    const budgetOf = (prompt: number): number =>
      promptShare === 0 ? budget : Math.max(1, Math.floor(promptShare * prompt));
    return {
      label: `Keyformer ${budget}`,
      indexPageTokens: 0,
      work: { ...NO_WORK, materialisesScores: true, selects: true },
      notes: [
        SLOTS_NOTE,
        "Needs the attention weights, so decode attention is not fused; prefill is charged as if it were.",
        "Noise is that of the seed: one stream for each group of heads.",
        ...(headGroup === "queryHead" ? [QUERY_HEAD_NOTE] : []),
      ],
      footprint: (lengths) => evictByToken(budgetOf(lengths.prompt), lengths),
      lanes: {
        needs: ["attention", "prompt-mass"],
        group: HEAD_GROUPS[headGroup],
        observes: true,
        lookback: 0,
        start: (prompt) => {
          const tokens = budgetOf(prompt.promptTokens);
          return new KeyformerLane(prompt, tokens, Math.floor(recentFraction * tokens), tauDelta);
        },
      },
    };
  },
});

class KeyformerLane implements Lane {
  readonly held: RangeSet;
  private readonly sums: ScoreSums;
  private readonly rng: Rng;
  private readonly budget: number;
  private readonly recent: number;
  private readonly tauDelta: number;

  constructor(prompt: PromptView, budget: number, recent: number, tauDelta: number) {
    this.held = RangeSet.of([0, prompt.promptTokens]);
    this.sums = new ScoreSums(prompt.columnMass());
    this.rng = prompt.rng;
    this.budget = budget;
    this.recent = recent;
    this.tauDelta = tauDelta;
  }

  select({ position }: StepView): RangeSet {
    this.held.push(position);
    return this.held;
  }

  update({ position, step }: StepView, attention: Float32Array): void {
    const tau = 1 + (step + 1) * this.tauDelta;
    const noisy = new Float64Array(position + 1).fill(-Infinity);
    for (const j of this.held) {
      noisy[j] = (Math.log(attention[j] as number) + gumbel(this.rng)) / tau;
    }
    softmax(noisy);
    this.sums.add(this.held, noisy);
    const over = this.held.size - this.budget;
    if (over > 0) evictLowest(this.held, this.sums.values, position + 1 - this.recent, over);
  }
}
