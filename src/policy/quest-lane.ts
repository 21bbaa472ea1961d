import { RangeSet } from "../core/range-set.js";
import type { Lane, StepView } from "./lane.js";
import { TopK } from "./top-k.js";

/** Holds everything; reads the newest page and the best others by Quest's bound, all while there are no more. */
export class QuestLane implements Lane {
  readonly held: RangeSet;
  private readonly reads = new RangeSet();
  private readonly best: TopK;
  private readonly pages: number;
  private readonly page: number;

  /** `pages`: how many a step reads. */
  constructor(promptTokens: number, pages: number, page: number) {
    this.pages = pages;
    this.page = page;
    this.held = RangeSet.of([0, promptTokens]);
    this.best = new TopK(pages - 1);
  }

  select(step: StepView): RangeSet {
    this.held.push(step.position);
    const newest = Math.floor(step.position / this.page);
    if (newest + 1 <= this.pages) return this.held;
    this.reads.clear();
    for (const chosen of this.best.of(step.pageBounds(this.page), 0, newest)) {
      this.reads.push(chosen * this.page, (chosen + 1) * this.page);
    }
    this.reads.push(newest * this.page, step.position + 1);
    return this.reads;
  }

  update(): void {
    // nothing is ever evicted
  }
}
