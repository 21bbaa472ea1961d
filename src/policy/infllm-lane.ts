import { RangeSet } from "../core/range-set.js";
import type { Lane, PromptView, StepView } from "./lane.js";
import { TopK } from "./top-k.js";

export interface InfllmRules {
  readonly blocks: number;
  readonly block: number;
  readonly init: number;
  readonly local: number;
  readonly representatives: number;
}

/** All heads of a layer under InfLLM. Ties go to the lower token and the lower block. */
export class InfllmLane implements Lane {
  readonly held: RangeSet;
  private readonly reads = new RangeSet();
  private readonly rules: InfllmRules;
  private readonly drawn: number[]; // attention each token drew while in the window
  private readonly made: Uint32Array[] = []; // representatives of each block, by position
  private readonly best: TopK;

  constructor(prompt: PromptView, rules: InfllmRules) {
    const { promptTokens } = prompt;
    this.rules = rules;
    this.held = RangeSet.of([0, promptTokens]);
    this.drawn = [...prompt.columnMass()];
    this.best = new TopK(rules.blocks);
    this.makeBlocks();
  }

  select(step: StepView): RangeSet {
    const { blocks, block, init } = this.rules;
    this.held.push(step.position);
    this.drawn.push(0);
    if (this.made.length <= blocks) return this.held;
    const scores = this.made.map((representatives) => meanLogit(step, representatives));
    this.reads.clear();
    this.reads.push(0, init);
    for (const chosen of this.best.of(scores, 0, scores.length)) {
      this.reads.push(init + chosen * block, init + (chosen + 1) * block);
    }
    this.reads.push(init + this.made.length * block, step.position + 1);
    return this.reads;
  }

  update({ position }: StepView, attention: Float32Array): void {
    for (let j = Math.max(0, position + 1 - this.rules.local); j <= position; j++) {
      this.drawn[j] = (this.drawn[j] as number) + (attention[j] as number);
    }
    this.makeBlocks();
  }

  /** Of what has left the window, beyond the first tokens. */
  private makeBlocks(): void {
    const { block, init, local, representatives } = this.rules;
    const best = new TopK(representatives);
    for (;;) {
      const from = init + this.made.length * block;
      if (from + block + local > this.drawn.length) return;
      this.made.push(best.of(this.drawn, from, from + block).slice());
    }
  }
}

/** The newest queries' logit on the mean of the representatives' keys, mean over heads. */
function meanLogit(step: StepView, representatives: Uint32Array): number {
  let sum = 0;
  for (let head = 0; head < step.queryHeads; head++) {
    const logits = step.logits(0, head);
    for (const position of representatives) sum += logits[position] as number;
  }
  return sum / (representatives.length * step.queryHeads);
}
