/** MSER-5 looks at means of so many values. */
export const MSER_BATCH = 5;
/** Fewer means than this at the end are equal too easily to say anything (Hoad, Robinson and Davies, 2010). */
const LEAST_LEFT = 5;

/**
 * How many of the values at the start belong to the warm-up by MSER, the marginal standard error rule: cutting so many
 * makes Σ(value - mean)² / n² of the n that are left the least (White, Simulation 69, 1997; of means of five values:
 * White, Cobb and Spratt, WSC 2000). Undefined if the least lies beyond the middle: the run is too short to tell, or
 * has no steady state.
 */
export function mserCut(values: ArrayLike<number>): number | undefined {
  let mean = 0;
  let squares = 0; // about the mean, of the last n
  let least = Infinity;
  let cut: number | undefined;
  for (let n = 1; n <= values.length; n++) {
    const value = values[values.length - n] as number;
    const away = value - mean;
    mean += away / n;
    squares += away * (value - mean);
    if (n < LEAST_LEFT || squares / n / n > least) continue;
    least = squares / n / n;
    cut = values.length - n;
  }
  return cut === undefined || cut > values.length / 2 ? undefined : cut;
}
