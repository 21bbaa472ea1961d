import { RangeSet } from "../core/range-set.js";
import type { Lane, PromptView, StepView } from "./lane.js";
import { TopK } from "./top-k.js";

export interface RaasRules {
  readonly budget: number;
  readonly page: number;
  readonly stampRule: "topFraction" | "alpha" | "halfBudget";
  readonly fraction: number;
  readonly alpha: number;
  readonly pinPrefill: boolean;
  readonly budgetIncludesPrefill: boolean;
  readonly prefillOverflow: "keepAll" | "topByLastQuery" | "questOnPrefill";
  readonly newPageStamp: "now" | "zero";
  readonly protectLastPage: boolean;
}

/**
 * RaaS page by page. A page holding a prompt token is pinned whole when the prompt is. Stamps are step + 1; 0 is a page
 * never stamped. Ties go to the lower page: evicted first, taken first among the best.
 */
export class RaasLane implements Lane {
  readonly held: RangeSet;
  private readonly reads = new RangeSet();
  private readonly firstOwn: number; // page from which pages are stamped and evicted
  private readonly overflows: boolean;
  private most: number; // tokens held between steps
  private stamps = new Uint32Array(64);
  private candidates = new Float64Array(64); // bounds of the evictable pages; -Infinity for pages that are gone
  private best = new TopK(64);
  private readonly rules: RaasRules;
  private readonly promptTokens: number;

  constructor(rules: RaasRules, { promptTokens }: PromptView) {
    this.rules = rules;
    this.promptTokens = promptTokens;
    const { budget, page, pinPrefill, budgetIncludesPrefill } = rules;
    this.held = RangeSet.of([0, promptTokens]);
    this.firstOwn = pinPrefill ? Math.ceil(promptTokens / page) : 0;
    this.overflows = pinPrefill && budgetIncludesPrefill && promptTokens > budget;
    const questOnPrefill = this.overflows && rules.prefillOverflow === "questOnPrefill";
    this.most = questOnPrefill || !budgetIncludesPrefill ? promptTokens + budget : budget;
  }

  select(step: StepView): RangeSet {
    const { page } = this.rules;
    this.held.push(step.position);
    const newest = Math.floor(step.position / page);
    this.reserve(newest + 1);
    if (step.position % page === 0 && this.rules.newPageStamp === "now") this.stamps[newest] = step.step + 1;
    if (this.rules.stampRule !== "alpha") this.stampBest(step, newest);
    return this.overflows && this.rules.prefillOverflow === "questOnPrefill" ? this.someOfPrompt(step) : this.held;
  }

  update(step: StepView, attention: Float32Array): void {
    const { page, prefillOverflow } = this.rules;
    const newest = Math.floor(step.position / page);
    if (this.rules.stampRule === "alpha") this.stampAbove(step, attention);
    if (step.step === 0 && this.overflows && prefillOverflow === "topByLastQuery") this.cutPrompt(step);
    while (this.held.size > this.most) {
      const victim = this.oldest(this.rules.protectLastPage ? newest - 1 : newest);
      if (victim < 0) return;
      this.drop(victim);
    }
  }

  private stampBest(step: StepView, newest: number): void {
    const { page, stampRule, fraction, budget } = this.rules;
    const bounds = step.pageBounds(page);
    let pages = 0;
    this.candidates.fill(-Infinity, 0, newest + 1);
    this.forOwnPages((own) => {
      this.candidates[own] = bounds[own] as number;
      pages++;
    });
    const taken = stampRule === "topFraction" ? Math.ceil(fraction * pages) : Math.floor(budget / page / 2);
    if (taken > this.best.most) this.best = new TopK(2 * taken);
    for (const own of this.best.of(this.candidates, this.firstOwn, newest + 1, Math.min(taken, pages))) {
      this.stamps[own] = step.step + 1;
    }
  }

  private stampAbove(step: StepView, attention: Float32Array): void {
    const { page, alpha } = this.rules;
    this.forOwnPages((own) => {
      let mass = 0;
      const end = Math.min((own + 1) * page, step.position + 1);
      for (let position = own * page; position < end; position++) mass += attention[position] as number;
      if (mass > alpha) this.stamps[own] = step.step + 1;
    });
  }

  /** The pages that can be evicted, ascending: those held from the first own one on. */
  private forOwnPages(visit: (page: number) => void): void {
    const { page } = this.rules;
    let next = this.firstOwn;
    for (let range = 0; range < this.held.ranges; range++) {
      const last = Math.floor((this.held.end(range) - 1) / page);
      for (let own = Math.max(next, Math.floor(this.held.start(range) / page)); own <= last; own++) visit(own);
      next = Math.max(next, last + 1);
    }
  }

  /** The page with the oldest stamp among those up to `last`; -1 if none is left. */
  private oldest(last: number): number {
    let victim = -1;
    this.forOwnPages((own) => {
      if (own > last) return;
      if (victim < 0 || (this.stamps[own] as number) < (this.stamps[victim] as number)) victim = own;
    });
    return victim;
  }

  private drop(victim: number): void {
    const { page } = this.rules;
    const end = Math.min((victim + 1) * page, this.held.end(this.held.ranges - 1));
    for (let position = victim * page; position < end; position++) {
      if (this.held.has(position)) this.held.remove(position);
    }
    this.stamps[victim] = 0;
  }

  /** FreeKV's way: the prompt keeps the tokens that its last query attends to most; one page more is for decoding. */
  private cutPrompt(step: StepView): void {
    const { promptTokens } = this;
    const { budget, page } = this.rules;
    const logits = new Float64Array(promptTokens);
    for (let head = 0; head < step.queryHeads; head++) {
      const row = step.logits(1, head);
      for (let position = 0; position < promptTokens; position++) logits[position]! += row[position] as number;
    }
    const kept = new TopK(budget).of(logits, 0, promptTokens);
    const newest = this.held.pairs().filter(([, end]) => end > promptTokens);
    this.held.clear();
    for (const position of kept) this.held.push(position);
    for (const [start, end] of newest) this.held.push(Math.max(start, promptTokens), end);
    this.most = budget + page;
  }

  /** The authors' advice: of the prompt the best pages, the newest page always; all decoded tokens that are held. */
  private someOfPrompt(step: StepView): RangeSet {
    const { budget, page } = this.rules;
    const { promptTokens } = this;
    this.reads.clear();
    for (const chosen of new TopK(budget / page).of(step.pageBounds(page), 0, Math.ceil(promptTokens / page))) {
      this.reads.push(chosen * page, Math.min((chosen + 1) * page, promptTokens));
    }
    for (const [start, end] of this.held.pairs()) this.reads.push(Math.max(start, promptTokens), end);
    return this.reads;
  }

  private reserve(pages: number): void {
    if (pages <= this.stamps.length) return;
    const stamps = new Uint32Array(2 * pages);
    stamps.set(this.stamps);
    this.stamps = stamps;
    this.candidates = new Float64Array(2 * pages);
  }
}
