import { RangeSet } from "../core/range-set.js";
import { growing } from "./closed-forms.js";
import { BUDGET, GROUP_REDUCTION, KV_OR_QUERY_HEAD, requireBelowBudget, requireOdd } from "./definition.js";
import type { Lane, StepView } from "./lane.js";
import type { LayerFootprint, Lengths } from "./policy.js";
import { TopK } from "./top-k.js";

/** Parameters of policies that compress the prompt once, by the votes of its last queries. */
export const PREFILL_PARAMETERS = {
  budget: { ...BUDGET, help: "tokens of the prompt a layer keeps, the window among them" },
  window: {
    kind: "integer",
    default: 32,
    min: 1,
    max: 1024,
    help: "last queries of the prompt, which vote, and whose tokens stay; does not change memory or reads",
  },
  kernel: {
    kind: "integer",
    default: 5,
    min: 1,
    max: 63,
    help: "neighbours over which votes are pooled, an odd number; does not change memory or reads",
  },
  pooling: {
    kind: "choice",
    default: "average",
    choices: ["average", "max"],
    help: "how votes are pooled; does not change memory or reads",
  },
  groupReduction: {
    ...GROUP_REDUCTION,
    default: "mean",
    choices: ["mean", "max"],
    help: "how votes of a group's query heads are joined; does not change memory or reads",
  },
  headGroup: KV_OR_QUERY_HEAD,
} as const;

export const ONCE_NOTE =
  "The prompt is compressed once, after the first decode step; decoded tokens are all kept. Scoring it is not charged.";

export function requirePrefill(kind: string, budget: number, window: number, kernel: number): void {
  requireBelowBudget(kind, "window", window, budget);
  requireOdd(kind, "kernel", kernel);
}

/** A prompt over budget is cut to it at the end of the first decode step, which reads all of it; then all is kept. */
export function compressPromptOnce(budget: number, { prompt, generated }: Lengths): LayerFootprint {
  if (prompt <= budget) return growing(prompt + generated, Infinity);
  if (generated === 1) return growing(prompt + 1, 1);
  return growing(budget + generated, Infinity);
}

/** The prompt's `most` best tokens by score, and those after the scored ones; ascending. */
export function bestOfPrompt(scores: Float64Array, most: number, promptTokens: number): number[] {
  const kept = [...new TopK(most).of(scores, 0, scores.length)];
  for (let position = scores.length; position < promptTokens; position++) kept.push(position);
  return kept;
}

/** Cuts the prompt at the end of the first step to what was chosen; drops nothing if nothing was. */
export class PrefillLane implements Lane {
  readonly held: RangeSet;
  private readonly kept: readonly number[] | undefined;

  constructor(promptTokens: number, kept: readonly number[] | undefined) {
    this.held = RangeSet.of([0, promptTokens]);
    this.kept = kept;
  }

  select({ position }: StepView): RangeSet {
    this.held.push(position);
    return this.held;
  }

  update({ step, position }: StepView): void {
    if (step > 0 || this.kept === undefined) return;
    this.held.clear();
    for (const kept of this.kept) this.held.push(kept);
    this.held.push(position);
  }
}
