/** A band for what would be measured, and how sure it is. */
export interface ModelBand {
  readonly interval: readonly [from: number, to: number];
  readonly cases: number; // checked predictions
  readonly coverage: number; // probability that it holds the measured value, if this prediction is like those
}

/** Fewer checked predictions say nothing. */
const LEAST_CASES = 5;

/**
 * Where the measured value lies if a prediction errs as checked ones did: `errors` are predicted / measured - 1 of each.
 * Between the i-th smallest and the i-th largest of n errors, one more lies with probability (n + 1 - 2i) / (n + 1),
 * whatever their distribution (a prediction interval by order statistics). The narrowest with at least `level` is taken;
 * with too few errors for that, all of them, and `coverage` is less. Undefined below five errors.
 */
export function modelBand(predicted: number, errors: readonly number[], level: number): ModelBand | undefined {
  const n = errors.length;
  if (n < LEAST_CASES) return undefined;
  const outside = Math.max(1, Math.floor(((n + 1) * (1 - level)) / 2 + 1e-9));
  const measured = errors.map((error) => predicted / (1 + error)).sort((a, b) => a - b);
  return {
    interval: [measured[outside - 1] as number, measured[n - outside] as number],
    cases: n,
    coverage: (n + 1 - 2 * outside) / (n + 1),
  };
}
