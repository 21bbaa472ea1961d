import { RangeSet } from "../core/range-set.js";
import type { Lane, PromptView, StepView } from "./lane.js";
import { refusedPrompt } from "./raas-footprint.js";
import { StampedPages } from "./raas-pages.js";
import { overflowOf, type RaasRules } from "./raas-rules.js";
import { TopK } from "./top-k.js";

/** RaaS page by page. A page holding a prompt token is pinned whole when the prompt is. */
export class RaasLane implements Lane {
  readonly held: RangeSet;
  private readonly reads = new RangeSet();
  private readonly pages: StampedPages;
  private readonly overflow: RaasRules["prefillOverflow"] | undefined;
  private readonly most: number; // tokens held between steps, if enough can be dropped
  private readonly rules: RaasRules;
  private readonly promptTokens: number;

  constructor(rules: RaasRules, { promptTokens }: PromptView) {
    const { budget, page, pinPrefill, budgetIncludesPrefill, sinks } = rules;
    this.rules = rules;
    this.promptTokens = promptTokens;
    this.held = RangeSet.of([0, promptTokens]);
    this.overflow = overflowOf(rules, promptTokens);
    if (this.overflow === "error") throw refusedPrompt(rules, promptTokens);
    const first = Math.ceil(Math.max(pinPrefill ? promptTokens : 0, sinks) / page);
    this.pages = new StampedPages(rules, first, Math.max(first, this.lastStamped(promptTokens - 1) + 1));
    const prompt = this.overflow === "questOnPrefill" || !budgetIncludesPrefill ? promptTokens : 0;
    this.most = prompt + budget;
  }

  select(step: StepView): RangeSet {
    this.held.push(step.position);
    return this.overflow === "questOnPrefill" ? this.someOfPrompt(step) : this.held;
  }

  update(step: StepView, attention: Float32Array): void {
    const { page, protectLastPage } = this.rules;
    const last = this.lastStamped(step.position);
    this.pages.stamp(step, attention, last);
    if (step.step === 0 && this.overflow === "topByLastQuery") this.cutPrompt(step);
    const newest = Math.floor(step.position / page);
    const evictable = protectLastPage ? Math.min(last, newest - 1) : last;
    while (this.held.size > this.most && this.pages.dropOldest(this.held, evictable));
  }

  /** The newest page that is stamped when this position is the newest: those of the recent tokens are not yet. */
  private lastStamped(position: number): number {
    const { page, recent } = this.rules;
    return recent === 0 ? Math.floor(position / page) : Math.floor((position + 1 - recent) / page) - 1;
  }

  /**
   * FreeKV's way: the prompt keeps its sinks, its recent tokens and, to fill the budget, the others that its last query
   * attends to most, by the mean of the group's logits.
   */
  private cutPrompt(step: StepView): void {
    const { promptTokens } = this;
    const { budget, sinks, recent } = this.rules;
    const logits = new Float64Array(promptTokens);
    for (let head = 0; head < step.queryHeads; head++) {
      const row = step.logits(1, head);
      for (let j = 0; j < promptTokens; j++) logits[j] = (logits[j] as number) + (row[j] as number);
    }
    const kept = new TopK(budget - sinks - recent).of(logits, sinks, promptTokens - recent);
    this.held.clear();
    this.held.push(0, sinks);
    for (const position of kept) this.held.push(position);
    this.held.push(promptTokens - recent, step.position + 1);
  }

  /** The authors' advice: of the prompt what Quest reads, its last page and the best others; all decoded tokens held. */
  private someOfPrompt(step: StepView): RangeSet {
    const { budget, page } = this.rules;
    const { promptTokens } = this;
    const lastPage = Math.ceil(promptTokens / page) - 1;
    this.reads.clear();
    for (const chosen of new TopK(budget / page - 1).of(step.pageBounds(page), 0, lastPage)) {
      this.reads.push(chosen * page, (chosen + 1) * page);
    }
    this.reads.push(lastPage * page, promptTokens);
    for (const [start, end] of this.held.pairs()) this.reads.push(Math.max(start, promptTokens), end);
    return this.reads;
  }
}
