import { RangeSet } from "../core/range-set.js";
import { bestEviction } from "./best-eviction.js";
import { evictByToken } from "./closed-forms.js";
import { BUDGET, definePolicy, NO_WORK, SLOTS_NOTE } from "./definition.js";
import type { Lane, PromptView, StepView } from "./lane.js";
import { ORACLE_NOTE } from "./oracles.js";

/**
 * The most attention that any eviction policy of this memory could keep in reach over all replayed steps: it knows every
 * step's attention beforehand and holds the best plan, computed exactly (best-eviction.ts), for each KV head. No policy
 * that holds at most the budget between steps, chooses for each KV head and never reads what it dropped has a higher sum
 * of recall over all steps. To keep the tokens with most attention to come at each step is not the best plan: a token
 * with much far ahead may keep out many with a little each meanwhile. The evictions are Bélády's problem with weights.
 */
export const oracleClairvoyant = definePolicy({
  title: "oracle: the best any eviction could do, knowing the future",
  source: "https://doi.org/10.1147/sj.52.0078",
  parameters: { budget: { ...BUDGET, help: "tokens a layer keeps" } },
  create: ({ budget }) => ({
    label: `Clairvoyant ${budget}`,
    indexPageTokens: 0,
    work: NO_WORK,
    notes: [SLOTS_NOTE, ORACLE_NOTE, "Best for the sum of recall over all replayed steps, not for each of them."],
    footprint: (lengths) => evictByToken(budget, lengths),
    lanes: {
      needs: ["attention"],
      group: "kv-head",
      observes: false,
      lookback: 0,
      oracle: "future",
      start: (prompt) => new ClairvoyantLane(prompt, budget),
    },
  }),
});

class ClairvoyantLane implements Lane {
  readonly held: RangeSet;
  private readonly heldUntil: Int32Array; // step after which each position is not needed; by position
  private readonly budget: number;

  constructor(prompt: PromptView, budget: number) {
    const { promptTokens } = prompt;
    this.held = RangeSet.of([0, promptTokens]);
    this.budget = budget;
    const { arrival, worth } = attentionToCome(prompt);
    this.heldUntil = bestEviction(arrival, worth, worth.length - promptTokens - 1, budget);
  }

  select({ position }: StepView): RangeSet {
    this.held.push(position);
    return this.held;
  }

  /** Drops what the plan is done with, those first that it was done with first; never more than it must. */
  update({ step }: StepView): void {
    const over = this.held.size - this.budget;
    if (over <= 0) return;
    const done = [...this.held].filter((j) => (this.heldUntil[j] as number) <= step);
    done.sort((a, b) => (this.heldUntil[a] as number) - (this.heldUntil[b] as number) || a - b);
    for (const j of done.slice(0, over)) this.held.remove(j);
  }
}

/** For each position the step it comes in, and the sums of what it draws in the steps after that. */
function attentionToCome(prompt: PromptView): { arrival: number[]; worth: Float32Array[] } {
  const rows: Float32Array[] = [];
  prompt.eachFutureRow((step, truth) => rows.push(truth.slice(0, prompt.promptTokens + step + 1)));
  const positions = prompt.promptTokens + rows.length;
  const arrival = Array.from({ length: positions }, (_, j) => Math.max(0, j - prompt.promptTokens));
  const worth = arrival.map((first, j) => {
    const sums = new Float32Array(rows.length - first);
    let sum = 0;
    for (let k = 1; k < sums.length; k++) sums[k] = sum += rows[first + k]?.[j] as number;
    return sums;
  });
  return { arrival, worth };
}
