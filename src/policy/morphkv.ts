import { RangeSet } from "../core/range-set.js";
import { evictByToken } from "./closed-forms.js";
import {
  BUDGET,
  definePolicy,
  HEAD_GROUPS,
  KV_OR_QUERY_HEAD,
  NO_WORK,
  QUERY_HEAD_NOTE,
  requireBelowBudget,
  SLOTS_NOTE,
} from "./definition.js";
import { evictLowest } from "./evict-lowest.js";
import type { Lane, StepView } from "./lane.js";
import { eachVote, type Voters } from "./window-votes.js";

/**
 * MorphKV (arXiv 2503.00979; ghadiaravi13/MorphKV, morphkv/models/patch_qwen2.py): the last `window` queries attend
 * again to what is left of the tokens older than the window; the tokens that one of them wants most, or all of them
 * together, stay beside the window. Query heads of a group are joined by maximum (an earlier version: sum). The code
 * evicts before a step's attention, by the queries before it, down to the budget and the new token: the same as evicting
 * to the budget after the step before. Departures: the first decode step still reads a whole prompt over the budget;
 * what a KV head keeps is read by all its query heads.
 */
export const morphkv = definePolicy({
  title: "keeps the newest tokens and what their queries attend to",
  source: "https://arxiv.org/abs/2503.00979",
  parameters: {
    budget: { ...BUDGET, help: "tokens a layer keeps, the window included" },
    window: {
      kind: "integer",
      default: 32,
      min: 1,
      max: 4096,
      help: "newest queries that vote, and whose tokens stay; does not change memory or reads",
    },
    fusion: {
      kind: "choice",
      default: "max",
      choices: ["max", "sum"],
      help: "how the votes of the window are joined (max_fused, sum_fused); does not change memory or reads",
    },
    groupReduction: {
      kind: "choice",
      default: "max",
      choices: ["max", "sum"],
      help: "how query heads of a group are joined, after the softmax; does not change memory or reads",
    },
    headGroup: KV_OR_QUERY_HEAD,
  },
  create: ({ budget, window, fusion, groupReduction, headGroup }) => {
    requireBelowBudget("morphkv", "window", window, budget);
    const voters = { from: 0, queries: window, heads: groupReduction };
    return {
      label: `MorphKV ${budget}`,
      indexPageTokens: 0,
      work: { ...NO_WORK, selects: true },
      notes: [
        SLOTS_NOTE,
        `The ${window} newest queries of each head are kept too, and attend again in each step: neither is charged.`,
        ...(headGroup === "queryHead" ? [QUERY_HEAD_NOTE] : []),
      ],
      footprint: (lengths) => evictByToken(budget, lengths),
      lanes: {
        needs: ["attention", "queries"],
        group: HEAD_GROUPS[headGroup],
        observes: false,
        lookback: window,
        start: ({ promptTokens }) => new MorphLane(promptTokens, budget, voters, fusion),
      },
    };
  },
});

class MorphLane implements Lane {
  readonly held: RangeSet;
  private readonly budget: number;
  private readonly voters: Voters;
  private readonly fusion: "max" | "sum";

  constructor(promptTokens: number, budget: number, voters: Voters, fusion: "max" | "sum") {
    this.held = RangeSet.of([0, promptTokens]);
    this.budget = budget;
    this.voters = voters;
    this.fusion = fusion;
  }

  select({ position }: StepView): RangeSet {
    this.held.push(position);
    return this.held;
  }

  update(step: StepView): void {
    const over = this.held.size - this.budget;
    if (over <= 0) return;
    const before = step.position + 1 - this.voters.queries;
    const older = Uint32Array.from(this.held).subarray(0, this.held.countWithin(0, before));
    const wanted = new Float64Array(before);
    eachVote(step, older, this.voters, (row) => {
      for (let i = 0; i < row.length; i++) {
        const j = older[i] as number;
        const [old, vote] = [wanted[j] as number, row[i] as number];
        wanted[j] = this.fusion === "max" ? Math.max(old, vote) : old + vote;
      }
    });
    evictLowest(this.held, wanted, before, over);
  }
}
