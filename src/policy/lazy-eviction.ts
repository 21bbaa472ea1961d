import { RangeSet } from "../core/range-set.js";
import { compressInBursts } from "./closed-forms.js";
import { BUDGET, definePolicy, NO_WORK } from "./definition.js";
import type { Lane, StepView } from "./lane.js";
import { TopK } from "./top-k.js";

/**
 * LazyEviction (arXiv 2506.15969; the authors' code could not be read): a token that was used again after a long gap may
 * come again after as long. Per token TS, the position whose query last put more than alpha of its attention on it, and
 * MRI, the longest gap between two such uses; every `window` positions, over budget, stay the newest `window` and the best
 * of the others by 2σ(-(t - TS) / MRI) + 2σ(-1 / MRI). Choices where the paper's page is silent: alpha is 0.01, from which
 * RaaS's analyses count a token as read (at its 1e-4 nearly every token of real attention is used in every step, and nothing
 * tells them apart); a token never used again since it came has MRI 0 and scores 0; the prompt's tokens count as used at
 * its last position; eviction comes in the step of each position that is a multiple of the window; a window over half the
 * budget is cut to that.
 */
export const lazyEviction = definePolicy({
  title: "every so many positions drops tokens whose longest gap between uses has long passed",
  source: "https://arxiv.org/abs/2506.15969",
  parameters: {
    budget: { ...BUDGET, help: "tokens a layer keeps after an eviction" },
    window: {
      kind: "integer",
      default: 175,
      min: 1,
      max: 65_536,
      help: "positions between evictions, and newest tokens that stay, at most half the budget; 80 % of gaps on MATH-500 are shorter",
    },
    alpha: {
      kind: "number",
      default: 0.01,
      min: 0,
      max: 1,
      help: "share of a step's attention above which a token is used; does not change memory or reads",
    },
  },
  create: ({ budget, window: asked, alpha }) => {
    const window = Math.min(asked, Math.floor(budget / 2));
    const notes = [
      "Needs the attention weights, so decode attention is not fused. The sort at each eviction is not charged.",
      `The threshold of use, alpha=${alpha}, is a choice: the paper's page gives none, and results depend on it.`,
    ];
    if (window < asked) notes.push(`A window of ${asked} is more than half the budget: it is ${window}.`);
    return {
      label: `LazyEviction ${budget}`,
      indexPageTokens: 0,
      work: { ...NO_WORK, materialisesScores: true },
      notes,
      footprint: (lengths) => compressInBursts(budget, window, lengths),
      lanes: {
        needs: ["attention"],
        group: "kv-head",
        observes: true,
        lookback: 0,
        start: ({ promptTokens }) => new LazyLane(promptTokens, budget, window, alpha),
      },
    };
  },
});

class LazyLane implements Lane {
  readonly held: RangeSet;
  private readonly lastUse: number[]; // TS of each position
  private readonly longestGap: number[]; // MRI
  private readonly best: TopK;
  private readonly budget: number;
  private readonly window: number;
  private readonly alpha: number;

  constructor(promptTokens: number, budget: number, window: number, alpha: number) {
    this.held = RangeSet.of([0, promptTokens]);
    this.lastUse = Array.from({ length: promptTokens }, () => promptTokens - 1);
    this.longestGap = Array.from({ length: promptTokens }, () => 0);
    this.best = new TopK(budget - window);
    this.budget = budget;
    this.window = window;
    this.alpha = alpha;
  }

  select({ position }: StepView): RangeSet {
    this.held.push(position);
    this.lastUse.push(position);
    this.longestGap.push(0);
    return this.held;
  }

  update({ position }: StepView, attention: Float32Array): void {
    for (let range = 0; range < this.held.ranges; range++) {
      const end = this.held.end(range);
      for (let j = this.held.start(range); j < end; j++) {
        if ((attention[j] as number) > this.alpha) this.use(j, position);
      }
    }
    if (position % this.window === 0 && this.held.size > this.budget) this.evict(position);
  }

  private use(j: number, now: number): void {
    this.longestGap[j] = Math.max(this.longestGap[j] as number, now - (this.lastUse[j] as number));
    this.lastUse[j] = now;
  }

  private evict(now: number): void {
    const slots = [...this.held];
    const older = slots.slice(0, -this.window);
    const scores = older.map((j) => recurrence(now - (this.lastUse[j] as number), this.longestGap[j] as number));
    const kept = [...this.best.of(scores, 0, scores.length)].map((slot) => older[slot] as number);
    this.held.clear();
    for (const j of [...kept, ...slots.slice(-this.window)]) this.held.push(j);
  }
}

/** 2σ(-unused / MRI) + 2σ(-1 / MRI), by its limits if there was no gap yet. */
function recurrence(unused: number, longestGap: number): number {
  if (longestGap === 0) return unused === 0 ? 1 : 0;
  return 2 / (1 + Math.exp(unused / longestGap)) + 2 / (1 + Math.exp(1 / longestGap));
}
