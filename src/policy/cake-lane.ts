import { RangeSet } from "../core/range-set.js";
import { shareBudgets, spread } from "./cake-budgets.js";
import type { Lane, PromptView, StepView } from "./lane.js";
import { averagePool } from "./pooling.js";
import { bestOfPrompt } from "./prefill-compression.js";
import { windowRows } from "./prompt-votes.js";
import { TopK } from "./top-k.js";

export interface CakeRules {
  readonly budget: number;
  readonly window: number;
  readonly kernel: number;
  readonly gamma: number;
}

/** One KV head under CAKE. Between steps it holds the layer's budget and the window. */
export class CakeLane implements Lane {
  readonly held: RangeSet;
  private readonly rules: CakeRules;
  private readonly chosen: readonly number[] | undefined; // of the prompt, once the first step is over
  private readonly best: TopK;

  constructor(prompt: PromptView, rules: CakeRules) {
    const { promptTokens, layer, surveys } = prompt;
    const { budget, window, kernel, gamma } = rules;
    this.rules = rules;
    this.held = RangeSet.of([0, promptTokens]);
    let own = budget - window;
    if (promptTokens > budget + window) {
      const layers = [...surveys.keys()];
      const shares = shareBudgets([...surveys.values()], layers.length * own, promptTokens - window);
      own = shares[layers.indexOf(layer)] as number;
      this.chosen = bestOfPrompt(averagePool(tokenScores(prompt, window, gamma), kernel), own, promptTokens);
    }
    this.best = new TopK(own);
  }

  select({ position }: StepView): RangeSet {
    this.held.push(position);
    return this.held;
  }

  update({ step, position }: StepView, attention: Float32Array): void {
    const { window, kernel } = this.rules;
    if (step === 0 && this.chosen !== undefined) this.hold([...this.chosen, position]);
    if (this.held.size <= this.best.most + window) return;
    const slots = [...this.held];
    const older = slots.slice(0, -window);
    const scores = averagePool(
      Float64Array.from(older, (j) => attention[j] as number),
      kernel,
    );
    const kept = [...this.best.of(scores, 0, scores.length)].map((slot) => older[slot] as number);
    this.hold([...kept, ...slots.slice(-window)]);
  }

  private hold(positions: readonly number[]): void {
    this.held.clear();
    for (const position of positions) this.held.push(position);
  }
}

/** Mean + gamma · variance of the attention that each token before the window draws from it, mean over the group. */
function tokenScores(prompt: PromptView, window: number, gamma: number): Float64Array {
  const scores = new Float64Array(prompt.promptTokens - window);
  for (let head = 0; head < prompt.queryHeads; head++) {
    const rows = windowRows(prompt, head, window);
    for (let j = 0; j < scores.length; j++) {
      const { mean, variance } = spread(rows, j);
      scores[j] = (scores[j] as number) + (mean + gamma * variance) / prompt.queryHeads;
    }
  }
  return scores;
}
