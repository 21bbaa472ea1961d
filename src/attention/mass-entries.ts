const BINS = 2048; // a positive f32 by its exponent and three bits more
const BIN_SHIFT = 20;

/**
 * Counts the largest entries of attention rows whose sum stays within a share of the row, at least 1: the sparsity
 * measure of the RaaS authors (github.com/DerekHJH/RaaS, benchmarks/evals/markov/plot_sparsity.py, commit 4a31eb0).
 * One pass sorts the entries into bins by size; only the bin in which the share is passed is sorted exactly.
 */
export class MassEntries {
  private readonly counts = new Uint32Array(BINS);
  private readonly sums = new Float64Array(BINS);
  private readonly row: Float32Array;
  private readonly bits: Uint32Array;
  private from = 0;
  private to = 0;
  private total = 0;

  /** `row`: where the weights of each row will stand, not negative. */
  constructor(row: Float32Array) {
    this.row = row;
    this.bits = new Uint32Array(row.buffer, row.byteOffset, row.length);
  }

  /** Takes in the weights of positions from … to - 1, which sum to `total`. */
  load(from: number, to: number, total: number): void {
    this.from = from;
    this.to = to;
    this.total = total;
    this.counts.fill(0);
    this.sums.fill(0);
    const { row, bits, counts, sums } = this;
    for (let j = from; j < to; j++) {
      const bin = (bits[j] as number) >>> BIN_SHIFT;
      counts[bin] = (counts[bin] as number) + 1;
      sums[bin] = (sums[bin] as number) + (row[j] as number);
    }
  }

  /** Entries within this share, below 1, of the mass that was loaded. */
  within(share: number): number {
    const limit = share * this.total;
    let mass = 0;
    let entries = 0;
    let bin = BINS - 1;
    for (; bin > 0 && mass + (this.sums[bin] as number) <= limit; bin--) {
      mass += this.sums[bin] as number;
      entries += this.counts[bin] as number;
    }
    const last = this.ascending(bin);
    for (let i = last.length - 1; i >= 0; i--) {
      mass += last[i] as number;
      if (mass > limit) break;
      entries++;
    }
    return Math.max(1, entries);
  }

  private ascending(bin: number): Float32Array {
    const { row, bits, from, to } = this;
    const found = new Float32Array(this.counts[bin] as number);
    let n = 0;
    for (let j = from; j < to; j++) if ((bits[j] as number) >>> BIN_SHIFT === bin) found[n++] = row[j] as number;
    return found.sort();
  }
}
