/** Repeated figures of one thing in a few numbers. */
export interface Statistics {
  readonly median: number;
  readonly intervalPercent: number; // half the width of the median's 95 % interval, of the median
  readonly spreadPercent: number; // half the distance between the quartiles, of the median
  readonly least: number;
  readonly leastGapPercent: number; // from the least to the third least: how well it is repeated
  readonly count: number;
}

/** Quantile of the normal distribution that leaves 2.5 % on either side. */
const Z = 1.96;

/** The interval is that between the order statistics n / 2 ± z √n / 2, whatever the distribution is. */
export function statisticsOf(values: readonly number[]): Statistics {
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
    leastGapPercent: 100 * (at(2) / at(0) - 1),
    count,
  };
}
