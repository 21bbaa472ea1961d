import { RangeSet } from "../core/range-set.js";
import { refillAfterCut } from "./closed-forms.js";
import {
  BUDGET,
  definePolicy,
  HEAD_GROUPS,
  KV_OR_QUERY_HEAD,
  NO_WORK,
  QUERY_HEAD_NOTE,
  requireBelowBudget,
} from "./definition.js";
import { evictLowest } from "./evict-lowest.js";
import type { Lane, StepView } from "./lane.js";

/**
 * Scissorhands (arXiv 2305.17118; no code of the authors is known): a token that mattered lately will matter again. Each
 * step marks the tokens that drew less than 1 / t of its attention, t the tokens of the text so far; when the cache
 * overflows, the tokens marked most often within the last `history` steps are dropped, a share of the budget at once,
 * never the newest. The constants are not from the authors' text but as commonly given. Departures: steps are counted
 * from the first decode step on, the prompt's own queries mark nothing; scores are means over a group's query heads.
 * (KVCache-Factory, pyramidkv/scissorhands.py, differs: it sums the attention of the window, with sinks.)
 */
export const scissorhands = definePolicy({
  title: "drops the tokens that drew less than average attention most often",
  source: "https://arxiv.org/abs/2305.17118",
  parameters: {
    budget: { ...BUDGET, help: "tokens a layer keeps at most" },
    dropFraction: {
      kind: "number",
      default: 0.5,
      min: 0,
      max: 0.9,
      help: "share of the budget that is dropped when the cache overflows, beside the overflow",
    },
    history: {
      kind: "integer",
      default: 400,
      min: 1,
      max: 65_536,
      help: "newest steps whose marks count; does not change memory or reads",
    },
    recent: {
      kind: "integer",
      default: 10,
      min: 0,
      max: 65_536,
      help: "newest tokens that always stay; does not change memory or reads",
    },
    headGroup: KV_OR_QUERY_HEAD,
  },
  create: ({ budget, dropFraction, history, recent, headGroup }) => {
    const kept = budget - Math.floor(budget * dropFraction);
    requireBelowBudget("scissorhands", "recent", recent, kept);
    return {
      label: `Scissorhands ${budget}`,
      indexPageTokens: 0,
      work: { ...NO_WORK, materialisesScores: true, selects: true },
      notes: [
        "Needs the attention weights, so decode attention is not fused.",
        ...(headGroup === "queryHead" ? [QUERY_HEAD_NOTE] : []),
      ],
      footprint: (lengths) => refillAfterCut(budget, kept, lengths),
      lanes: {
        needs: ["attention"],
        group: HEAD_GROUPS[headGroup],
        observes: true,
        lookback: 0,
        start: ({ promptTokens }) => new ScissorLane(promptTokens, { budget, kept, history, recent }),
      },
    };
  },
});

interface ScissorRules {
  readonly budget: number;
  readonly kept: number;
  readonly history: number;
  readonly recent: number;
}

class ScissorLane implements Lane {
  readonly held: RangeSet;
  private readonly rules: ScissorRules;
  private readonly marks: Uint32Array[] = []; // positions marked in each of the last steps; step s at s % history
  private standing = new Int32Array(64); // per position: minus its marks within the history; the lowest goes first

  constructor(promptTokens: number, rules: ScissorRules) {
    this.held = RangeSet.of([0, promptTokens]);
    this.rules = rules;
  }

  select({ position }: StepView): RangeSet {
    this.held.push(position);
    return this.held;
  }

  update({ step, position }: StepView, attention: Float32Array): void {
    const { budget, kept, history, recent } = this.rules;
    if (position >= this.standing.length) {
      const longer = new Int32Array(2 * position);
      longer.set(this.standing);
      this.standing = longer;
    }
    this.count(this.marks[step % history] ?? [], 1); // a step leaves the history
    const marked = Uint32Array.from(this.held).filter((j) => (attention[j] as number) < 1 / (position + 1));
    this.marks[step % history] = marked;
    this.count(marked, -1);
    if (this.held.size > budget) {
      evictLowest(this.held, this.standing, position + 1 - recent, this.held.size - kept);
    }
  }

  private count(positions: Iterable<number>, change: number): void {
    for (const j of positions) this.standing[j] = (this.standing[j] as number) + change;
  }
}
