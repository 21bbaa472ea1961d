import { RangeSet } from "../core/range-set.js";
import type { Lane, Lanes } from "./lane.js";

/** Keeps the first `sinks` positions and the last `budget - sinks`: sliding window and StreamingLLM. */
export function windowLanes(budget: number, sinks: number): Lanes {
  return {
    needs: ["attention"],
    group: "kv-head",
    observes: false,
    lookback: 0,
    start: ({ promptTokens }) => new WindowLane(promptTokens, budget, sinks),
  };
}

class WindowLane implements Lane {
  readonly held: RangeSet;
  private readonly budget: number;
  private readonly sinks: number;

  constructor(promptTokens: number, budget: number, sinks: number) {
    this.budget = budget;
    this.sinks = sinks;
    this.held = RangeSet.of([0, promptTokens]);
  }

  select({ position }: { readonly position: number }): RangeSet {
    this.held.push(position);
    return this.held;
  }

  update({ position }: { readonly position: number }): void {
    if (this.held.size <= this.budget) return;
    this.held.clear();
    this.held.push(0, this.sinks);
    this.held.push(position + 1 - (this.budget - this.sinks), position + 1);
  }
}
