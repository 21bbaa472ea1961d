/** The middle of repeated figures and how sure it is. */
export interface Median {
  readonly median: number;
  readonly intervalPercent: number; // half the width of the median's 95 % interval, of the median
  readonly spreadPercent: number; // half the distance between the quartiles, of the median
  readonly least: number;
  readonly count: number;
}

/** Quantile of the normal distribution that leaves 2.5 % on either side. */
const Z = 1.96;

/** The interval is that between the order statistics n / 2 ± z √n / 2, whatever the distribution is. */
export function medianOf(values: readonly number[]): Median {
  const sorted = Float64Array.from(values).sort();
  const count = sorted.length;
  const at = (rank: number): number => sorted[Math.min(count - 1, Math.max(0, rank))] as number;
  const median = (at(Math.floor((count - 1) / 2)) + at(Math.ceil((count - 1) / 2))) / 2;
  const half = (Z * Math.sqrt(count)) / 2;
  const width = at(Math.ceil(count / 2 + half)) - at(Math.floor(count / 2 - half) - 1);
  const quartiles = at(Math.ceil((3 * (count - 1)) / 4)) - at(Math.floor((count - 1) / 4));
  return {
    median,
    intervalPercent: (50 * width) / median,
    spreadPercent: (50 * quartiles) / median,
    least: at(0),
    count,
  };
}
