import { RangeSet } from "../core/range-set.js";
import type { Lane, Lanes } from "./lane.js";

/** Keeps and reads everything: the dense policy, and the dense first layers of others. */
export const DENSE_LANES: Lanes = {
  needs: ["attention"],
  group: "kv-head",
  observes: false,
  lookback: 0,
  start: ({ promptTokens }) => new DenseLane(promptTokens),
};

class DenseLane implements Lane {
  readonly held: RangeSet;

  constructor(promptTokens: number) {
    this.held = RangeSet.of([0, promptTokens]);
  }

  select({ position }: { readonly position: number }): RangeSet {
    this.held.push(position);
    return this.held;
  }

  update(): void {
    // nothing is ever evicted
  }
}
