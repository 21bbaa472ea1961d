import type { RangeSet } from "../core/range-set.js";
import type { StepView } from "./lane.js";
import { pageScoreOf, type RaasRules } from "./raas-rules.js";
import { TopK } from "./top-k.js";
import { softmax } from "./window-votes.js";

/**
 * The pages that may be dropped, and their stamps. A stamp is step + 1; 0 is a page never stamped. Of equal pages the
 * lower one goes first, and is taken first among the best.
 */
export class StampedPages {
  private pages = new Uint32Array(64); // those held, ascending
  private stamps = new Uint32Array(64); // of each of them
  private scores = new Float64Array(64);
  private count = 0;
  private next: number; // page that is stamped as new next
  private best = new TopK(64);
  private droppedStamp = 0; // of the last page that was dropped while it filled
  private readonly rules: RaasRules;
  private readonly first: number;

  /** Pages from `first` on may be dropped; those below `next` are there, and not new, when decoding begins. */
  constructor(rules: RaasRules, first: number, next: number) {
    this.rules = rules;
    this.first = first;
    this.next = next;
    for (let page = first; page < next; page++) this.append(page, 0);
  }

  /** Stamps the pages up to `last`: as new those that were not there before, as used those that the rule takes. */
  stamp(step: StepView, attention: Float32Array, last: number): void {
    for (; this.next <= last; this.next++) this.append(this.next, this.newStamp(step.step));
    // A page that was dropped while it filled comes back with its next token, its stamp as it was.
    const filling = last * this.rules.page <= step.position && step.position < (last + 1) * this.rules.page;
    const listed = this.count > 0 && this.pages[this.count - 1] === last;
    if (filling && last >= this.first && !listed) this.append(last, this.droppedStamp);
    this.score(step, attention);
    const { count, scores, stamps } = this;
    const { stampRule, alpha, fraction, budget, page } = this.rules;
    const now = step.step + 1;
    if (stampRule === "alpha") {
      if (pageScoreOf(this.rules) === "bound") softmax(scores.subarray(0, count));
      for (let i = 0; i < count; i++) if ((scores[i] as number) > alpha) stamps[i] = now;
      return;
    }
    const taken = stampRule === "topFraction" ? Math.ceil(fraction * count) : Math.floor(budget / page / 2);
    if (taken > this.best.most) this.best = new TopK(2 * taken);
    const best = this.best.of(scores, 0, count, taken);
    for (let i = 0; i < best.length; i++) stamps[best[i] as number] = now;
  }

  /** Takes out the page with the oldest stamp among those up to `last`; false if there is none. */
  dropOldest(held: RangeSet, last: number): boolean {
    const { pages, stamps } = this;
    let victim = -1;
    for (let i = 0; i < this.count && (pages[i] as number) <= last; i++) {
      if (victim < 0 || (stamps[i] as number) < (stamps[victim] as number)) victim = i;
    }
    if (victim < 0) return false;
    const size = this.rules.page;
    const full = ((pages[victim] as number) + 1) * size;
    const end = Math.min(full, held.end(held.ranges - 1));
    if (end < full) this.droppedStamp = stamps[victim] as number;
    let from = full - size;
    while (!held.has(from)) from++; // dropped before, while it filled
    held.remove(from, end);
    pages.copyWithin(victim, victim + 1, this.count);
    stamps.copyWithin(victim, victim + 1, this.count);
    this.count--;
    return true;
  }

  private newStamp(step: number): number {
    switch (this.rules.newPageStamp) {
      case "now":
        return step + 1;
      case "zero":
        return 0;
      case "inherit":
        return this.count === 0 ? 0 : Math.min(...this.stamps.subarray(0, this.count));
    }
  }

  private score(step: StepView, attention: Float32Array): void {
    const { count, pages, scores } = this;
    const size = this.rules.page;
    const rule = pageScoreOf(this.rules);
    if (rule === "bound") {
      const bounds = step.pageBounds(size);
      for (let i = 0; i < count; i++) scores[i] = bounds[pages[i] as number] as number;
      return;
    }
    for (let i = 0; i < count; i++) {
      const page = pages[i] as number;
      let score = 0;
      const end = Math.min((page + 1) * size, step.position + 1);
      for (let position = page * size; position < end; position++) {
        const share = attention[position] as number;
        score = rule === "mass" ? score + share : Math.max(score, share);
      }
      scores[i] = score;
    }
  }

  private append(page: number, stamp: number): void {
    if (this.count === this.pages.length) {
      this.pages = longer(this.pages);
      this.stamps = longer(this.stamps);
      this.scores = new Float64Array(2 * this.count);
    }
    this.pages[this.count] = page;
    this.stamps[this.count++] = stamp;
  }
}

function longer(numbers: Uint32Array): Uint32Array<ArrayBuffer> {
  const out = new Uint32Array(2 * numbers.length);
  out.set(numbers);
  return out;
}
