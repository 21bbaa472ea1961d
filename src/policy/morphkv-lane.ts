import { RangeSet } from "../core/range-set.js";
import { evictLowest } from "./evict-lowest.js";
import type { Lane, StepView } from "./lane.js";

export interface MorphRules {
  readonly budget: number;
  readonly window: number;
  readonly fusion: "max" | "sum";
  readonly groupReduction: "max" | "sum";
}

/** e^logit of one query on the positions before it, each head's up to a factor. */
interface QueryWeights {
  readonly query: number; // its position
  readonly heads: readonly Float64Array[];
}

/** See morphkv.ts. */
export class MorphLane implements Lane {
  readonly held: RangeSet;
  private readonly rules: MorphRules;
  private readonly weights: QueryWeights[] = []; // of the last `window` queries; query q at q % window

  constructor(promptTokens: number, rules: MorphRules) {
    this.held = RangeSet.of([0, promptTokens]);
    this.rules = rules;
  }

  select({ position }: StepView): RangeSet {
    this.held.push(position);
    return this.held;
  }

  update(step: StepView): void {
    const { budget, window, fusion, groupReduction } = this.rules;
    const over = this.held.size - budget;
    if (over <= 0) return;
    const before = step.position + 1 - window;
    const older = Uint32Array.from(this.held).subarray(0, this.held.countWithin(0, before));
    const wanted = new Float64Array(before);
    const joined = new Float64Array(before);
    for (let back = 0; back < window && back <= step.position; back++) {
      joined.fill(0);
      for (const row of this.weightsOf(step, back)) fuse(joined, row, older, 1 / sumOf(row, older), groupReduction);
      fuse(wanted, joined, older, 1, fusion);
    }
    evictLowest(this.held, wanted, before, over);
  }

  /** The logits of a query do not change as the cache does; only what they are normalised over. */
  private weightsOf(step: StepView, back: number): readonly Float64Array[] {
    const query = step.position - back;
    const known = this.weights[query % this.rules.window];
    if (known?.query === query) return known.heads;
    const positions = Uint32Array.from(this.held).subarray(0, this.held.countWithin(0, query + 1));
    const heads = Array.from({ length: step.queryHeads }, (_, head) => weightsOver(positions, step.logits(back, head)));
    this.weights[query % this.rules.window] = { query, heads };
    return heads;
  }
}

function weightsOver(positions: Uint32Array, logits: Float32Array): Float64Array {
  let largest = -Infinity;
  for (const j of positions) largest = Math.max(largest, logits[j] as number);
  const weights = new Float64Array((positions.at(-1) ?? -1) + 1);
  for (const j of positions) weights[j] = Math.exp((logits[j] as number) - largest);
  return weights;
}

function sumOf(row: Float64Array, positions: Uint32Array): number {
  let sum = 0;
  for (let i = 0; i < positions.length; i++) sum += row[positions[i] as number] as number;
  return sum;
}

/** Joins `factor · row` into `joined` at the positions given. */
function fuse(
  joined: Float64Array,
  row: Float64Array,
  positions: Uint32Array,
  factor: number,
  how: "max" | "sum",
): void {
  for (let i = 0; i < positions.length; i++) {
    const j = positions[i] as number;
    const value = factor * (row[j] as number);
    const old = joined[j] as number;
    joined[j] = how === "sum" ? old + value : value > old ? value : old;
  }
}
