import { RangeSet } from "../core/range-set.js";
import { constant, type Line } from "../core/line.js";
import { growing } from "./closed-forms.js";
import type { Lane, StepView } from "./lane.js";
import type { LayerFootprint, Lengths } from "./policy.js";

/** Which positions a step reads, ascending, the newest among them. */
export type Choice = (step: StepView) => Iterable<number>;

/** Holds everything; reads what is chosen anew in each step. */
export class WholeLane implements Lane {
  readonly held: RangeSet;
  private readonly reads = new RangeSet();
  private readonly choose: Choice;

  constructor(promptTokens: number, choose: Choice) {
    this.held = RangeSet.of([0, promptTokens]);
    this.choose = choose;
  }

  select(step: StepView): RangeSet {
    this.held.push(step.position);
    this.reads.clear();
    for (const position of this.choose(step)) this.reads.push(position);
    return this.reads;
  }

  update(): void {
    // nothing is ever evicted
  }
}

/** Holds everything; reads all until there are more tokens than `most`, then that many. Scores all held if it scores. */
export function holdAllReadSome(most: number, scores: boolean, { prompt, generated }: Lengths): LayerFootprint {
  const tokens = prompt + generated;
  const all: Line = { now: tokens, perStep: 1 };
  const print = tokens <= most ? growing(tokens, most - tokens + 1) : growing(tokens, Infinity);
  return { ...print, read: tokens <= most ? all : constant(most), scored: scores ? all : print.scored };
}
