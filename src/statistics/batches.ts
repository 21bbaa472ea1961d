import { QuantileSketch } from "../core/quantile-sketch.js";
import { halfWidth } from "./interval.js";
import { looksIndependent } from "./independence.js";

/** Batches from which the next larger ones are joined; kept are between as many and twice as many. */
const KEPT = 40;
/** Batches of the kept ones that are joined for an interval: 20 to 39 of them are left, else 10 to 19. */
const JOINED = [2, 4] as const;
const LEAST_VALUES = 10; // of a batch
const FIRST_SIZE = 4; // of the kept ones: smaller ones, joined, would not have the least
/** Of a batch's quantiles: it makes intervals wider by at most a quarter of a percent of the value. */
const BATCH_ERROR = 0.005;

/** A statistic of one batch, and how many values a batch needs for it to mean something. */
export interface Statistic {
  readonly of: (batch: QuantileSketch) => number;
  readonly leastValues: number;
}

export const MEAN: Statistic = { of: (batch) => batch.mean(), leastValues: LEAST_VALUES };

/** A quantile needs a batch in which at least one value is expected beyond it. */
export function quantileStatistic(share: number): Statistic {
  return { of: (batch) => batch.quantile(share), leastValues: Math.max(LEAST_VALUES, Math.round(1 / (1 - share))) };
}

/** Half width of an interval; or why there is none. */
export type BatchInterval =
  | { readonly half: number; readonly batches: number }
  | { readonly half: undefined; readonly why: "few" | "correlated" };

/**
 * Values of one run, in order, in batches of equal size: whenever there are too many batches, neighbours are joined
 * (dynamic batch means: Yeh and Schmeiser, WSC 2000), so memory does not depend on how many
 * values there are.
 */
export class Batches {
  #full: QuantileSketch[] = [];
  #size = FIRST_SIZE; // values of a full batch
  #open = new QuantileSketch(BATCH_ERROR);
  #values = 0; // in the open batch
  readonly #larger = new Map<number, readonly QuantileSketch[]>(); // joined ones, until the next value comes

  /** Adds a value; with a weight, means are ratios of sums. */
  add(value: number, weight = 1): void {
    this.#larger.clear();
    this.#open.add(value, 0, 1, weight);
    if (++this.#values < this.#size) return;
    this.#full.push(this.#open);
    this.#open = new QuantileSketch(BATCH_ERROR);
    this.#values = 0;
    if (this.#full.length < 2 * KEPT) return;
    this.#full = joined(this.#full, 2);
    this.#size *= 2;
  }

  /**
   * Interval of a statistic whose value over all data is `whole`: from 20 to 39 batches (Schmeiser, Operations Research
   * 30, 1982: 10 to 30 are enough) or, if neighbours are correlated or a batch has too few values, from half as many.
   */
  interval({ of, leastValues }: Statistic, whole: number, level: number): BatchInterval {
    let why: "few" | "correlated" = "few";
    for (const together of JOINED) {
      if (this.#full.length < KEPT || this.#size * together < leastValues) continue;
      const parts = this.#joined(together).map(of);
      if (looksIndependent(parts)) return { half: halfWidth(parts, whole, level), batches: parts.length };
      why = "correlated";
    }
    return { half: undefined, why };
  }

  #joined(together: number): readonly QuantileSketch[] {
    const larger = this.#larger.get(together) ?? joined(this.#full, together);
    this.#larger.set(together, larger);
    return larger;
  }
}

/** So many neighbours make one; what is left over at the end is not used. */
function joined(batches: readonly QuantileSketch[], together: number): QuantileSketch[] {
  return Array.from({ length: Math.floor(batches.length / together) }, (_, i) => {
    const all = new QuantileSketch(BATCH_ERROR);
    for (const batch of batches.slice(i * together, (i + 1) * together)) batch.addTo(all);
    return all;
  });
}
