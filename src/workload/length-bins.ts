/** Of the requests that have a part of some length: those of `from_tokens` to before `to_tokens`. */
export interface LengthBin {
  readonly part: string;
  readonly from_tokens: number;
  readonly to_tokens: number;
  readonly share: number;
  readonly share_below: number; // of requests shorter than to_tokens
}

const BINS_A_DECADE = 16;
const DECADES = 7; // up to the longest request a log may have

/** Whole numbers of tokens, evenly apart on a logarithmic scale where there are enough of them. */
const EDGES: readonly number[] = [
  ...new Set(Array.from({ length: BINS_A_DECADE * DECADES + 2 }, (_, i) => Math.ceil(10 ** (i / BINS_A_DECADE)))),
];

/** Lengths sorted into bins; those of 0 are left out. */
export class LengthBins {
  readonly #part: string;
  readonly #weights = new Float64Array(EDGES.length);

  constructor(part: string) {
    this.#part = part;
  }

  add(tokens: number, weight: number): void {
    if (tokens < 1) return;
    let low = 0;
    let high = EDGES.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((EDGES[middle] as number) <= tokens) low = middle;
      else high = middle - 1;
    }
    this.#weights[low]! += weight;
  }

  /** From the first bin with requests to the last; none if there are no requests. */
  bins(): readonly LengthBin[] {
    const total = this.#weights.reduce((sum, weight) => sum + weight, 0);
    const first = this.#weights.findIndex((weight) => weight > 0);
    const last = this.#weights.findLastIndex((weight) => weight > 0);
    let below = 0;
    return Array.from({ length: first < 0 ? 0 : last - first + 1 }, (_, i) => {
      const share = (this.#weights[first + i] as number) / total;
      below += share;
      return {
        part: this.#part,
        from_tokens: EDGES[first + i] as number,
        to_tokens: EDGES[first + i + 1] ?? 10 ** DECADES,
        share,
        share_below: Math.min(1, below),
      };
    });
  }
}
