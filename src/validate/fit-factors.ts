/** One measured figure, what is predicted of it, and how that changes with each factor. */
export interface Observation {
  readonly measured: number; // above 0
  readonly weight: number;
  readonly predicted: number; // at the factors that the slopes were taken at
  readonly slopes: readonly number[]; // a factor
}

/** What would leave this is no matter of scale. */
const LARGEST_FACTOR = 20;
/** Errors below this share count as squares, so that the fit does not chase a single figure. */
const SMALL_ERROR = 0.005;
/** Pulls a factor that the figures say nothing of to 1. */
const RIDGE = 1e-4;
const ROUNDS = 60;
const SWEEPS = 20;

/**
 * Factors with the least sum of weight · |predicted / measured - 1|, predictions being linear around the factors `at`: times
 * are sums of terms, so they nearly are. Sizes of errors, not squares: one run that no factor explains must not bend the
 * rest. By iteratively reweighted least squares, each solved by coordinate descent between 0 and a largest factor.
 */
export function fitFactors(observations: readonly Observation[], at: readonly number[]): readonly number[] {
  const factors = [...at];
  const total = observations.reduce((sum, { weight }) => sum + weight, 0);
  const errors = observations.map(({ predicted, measured }) => predicted / measured - 1);
  for (let round = 0; round < ROUNDS; round++) {
    const squares = observations.map(
      ({ weight }, i) => weight / total / Math.max(Math.abs(errors[i] as number), SMALL_ERROR),
    );
    for (let sweep = 0; sweep < SWEEPS; sweep++) {
      for (let j = 0; j < factors.length; j++) {
        const old = factors[j] as number;
        let curvature = RIDGE;
        let gradient = RIDGE * (old - 1);
        observations.forEach(({ slopes, measured }, i) => {
          const slope = (slopes[j] as number) / measured;
          curvature += (squares[i] as number) * slope * slope;
          gradient += (squares[i] as number) * slope * (errors[i] as number);
        });
        const next = Math.min(LARGEST_FACTOR, Math.max(0, old - gradient / curvature));
        observations.forEach(({ slopes, measured }, i) => {
          errors[i]! += ((next - old) * (slopes[j] as number)) / measured;
        });
        factors[j] = next;
      }
    }
  }
  return factors;
}
