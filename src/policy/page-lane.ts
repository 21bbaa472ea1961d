import { RangeSet } from "../core/range-set.js";
import { constant, type Line } from "../core/line.js";
import { growing } from "./closed-forms.js";
import type { Lane, StepView } from "./lane.js";
import type { LayerFootprint, Lengths } from "./policy.js";
import { TopK } from "./top-k.js";

/** Scores of all pages, more is better. */
export type PageScore = (step: StepView) => ArrayLike<number>;

/** Holds everything; reads the newest page and the best others by score, all while there are no more. */
export class PageLane implements Lane {
  readonly held: RangeSet;
  private readonly reads = new RangeSet();
  private readonly best: TopK;
  private readonly pages: number;
  private readonly page: number;
  private readonly score: PageScore;

  /** `pages`: how many a step reads. */
  constructor(promptTokens: number, pages: number, page: number, score: PageScore) {
    this.pages = pages;
    this.page = page;
    this.score = score;
    this.held = RangeSet.of([0, promptTokens]);
    this.best = new TopK(pages - 1);
  }

  select(step: StepView): RangeSet {
    this.held.push(step.position);
    const newest = Math.floor(step.position / this.page);
    if (newest + 1 <= this.pages) return this.held;
    this.reads.clear();
    for (const chosen of this.best.of(this.score(step), 0, newest)) {
      this.reads.push(chosen * this.page, (chosen + 1) * this.page);
    }
    this.reads.push(newest * this.page, step.position + 1);
    return this.reads;
  }

  update(): void {
    // nothing is ever evicted
  }
}

/** Reads all while it fits; then all chosen pages in full but the newest, of which 1 … page tokens are filled. */
export function selectPages(pages: number, page: number, { prompt, generated }: Lengths): LayerFootprint {
  const held = prompt + generated;
  const tokens = pages * page;
  if (held <= tokens) return growing(held, tokens - held + 1);
  const all: Line = { now: held, perStep: 1 };
  return { resident: all, read: constant(tokens - page + Math.ceil((page + 1) / 2)), scored: all, steadyFor: Infinity };
}

/** The largest weight within each page. */
export function pageMaxima(weights: ArrayLike<number>, tokens: number, page: number): Float64Array {
  const maxima = new Float64Array(Math.ceil(tokens / page));
  for (let j = 0; j < tokens; j++) {
    const own = Math.floor(j / page);
    maxima[own] = Math.max(maxima[own] as number, weights[j] as number);
  }
  return maxima;
}
