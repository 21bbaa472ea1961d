import type { RangeSet } from "../core/range-set.js";
import type { StepView } from "./lane.js";
import { pageScoreOf, type RaasRules } from "./raas-rules.js";
import { TopK } from "./top-k.js";
import { softmax } from "./window-votes.js";

/**
 * The stamps of pages that may be dropped. A stamp is step + 1; 0 is a page never stamped. Of equal pages the lower one
 * goes first, and is taken first among the best.
 */
export class StampedPages {
  private stamps = new Uint32Array(64);
  private next: number; // page that is stamped as new next
  private best = new TopK(64);
  private readonly rules: RaasRules;
  private readonly first: number;

  /** Pages from `first` on may be dropped; those below `next` are not new when decoding begins. */
  constructor(rules: RaasRules, first: number, next: number) {
    this.rules = rules;
    this.first = first;
    this.next = next;
  }

  /** Stamps the pages up to `last`: as new those that were not there before, as used those that the rule takes. */
  stamp(held: RangeSet, step: StepView, attention: Float32Array, last: number): void {
    const pages = this.list(held, last);
    for (; this.next <= last; this.next++) this.setStamp(this.next, this.newStamp(pages, step.step));
    for (const page of this.used(pages, step, attention)) this.setStamp(page, step.step + 1);
  }

  /** Takes out the page with the oldest stamp among those up to `last`; false if there is none. */
  dropOldest(held: RangeSet, last: number): boolean {
    let victim = -1;
    for (const page of this.list(held, last)) {
      if (victim < 0 || this.stampOf(page) < this.stampOf(victim)) victim = page;
    }
    if (victim < 0) return false;
    const size = this.rules.page;
    for (let position = victim * size; position < (victim + 1) * size; position++) {
      if (held.has(position)) held.remove(position);
    }
    return true;
  }

  private newStamp(pages: readonly number[], step: number): number {
    switch (this.rules.newPageStamp) {
      case "now":
        return step + 1;
      case "zero":
        return 0;
      case "inherit": {
        const older = pages.filter((page) => page < this.next);
        return older.length === 0 ? 0 : Math.min(...older.map((page) => this.stampOf(page)));
      }
    }
  }

  private used(pages: readonly number[], step: StepView, attention: Float32Array): readonly number[] {
    const { stampRule, alpha, fraction, budget, page } = this.rules;
    const scores = this.scores(pages, step, attention);
    if (stampRule === "alpha") {
      if (pageScoreOf(this.rules) === "bound") softmax(scores);
      return pages.filter((_, i) => (scores[i] as number) > alpha);
    }
    const taken = stampRule === "topFraction" ? Math.ceil(fraction * pages.length) : Math.floor(budget / page / 2);
    if (taken > this.best.most) this.best = new TopK(2 * taken);
    return [...this.best.of(scores, 0, pages.length, taken)].map((i) => pages[i] as number);
  }

  private scores(pages: readonly number[], step: StepView, attention: Float32Array): Float64Array {
    const size = this.rules.page;
    const rule = pageScoreOf(this.rules);
    if (rule === "bound") {
      const bounds = step.pageBounds(size);
      return Float64Array.from(pages, (page) => bounds[page] as number);
    }
    return Float64Array.from(pages, (page) => {
      let score = 0;
      const end = Math.min((page + 1) * size, step.position + 1);
      for (let position = page * size; position < end; position++) {
        const share = attention[position] as number;
        score = rule === "mass" ? score + share : Math.max(score, share);
      }
      return score;
    });
  }

  /** Those held, ascending. */
  private list(held: RangeSet, last: number): number[] {
    const size = this.rules.page;
    const pages: number[] = [];
    let next = this.first;
    for (let range = 0; range < held.ranges; range++) {
      const end = Math.min(last, Math.floor((held.end(range) - 1) / size));
      for (let page = Math.max(next, Math.floor(held.start(range) / size)); page <= end; page++) pages.push(page);
      next = Math.max(next, end + 1);
    }
    return pages;
  }

  private stampOf(page: number): number {
    return this.stamps[page] ?? 0;
  }

  private setStamp(page: number, stamp: number): void {
    if (page >= this.stamps.length) {
      const longer = new Uint32Array(2 * page);
      longer.set(this.stamps);
      this.stamps = longer;
    }
    this.stamps[page] = stamp;
  }
}
