/** One-sided 10 % point of the normal distribution, as in LBATCH (Fishman and Yarberry, 1997). */
const CRITICAL = 1.2816;

/**
 * Whether values in order, at least three, look independent: the von Neumann ratio as Fishman and Yarberry use it for
 * batch means (An implementation of the batch means method, INFORMS Journal on Computing 9, 1997). Only positive
 * correlation of neighbours speaks against it: that is what makes intervals too narrow.
 */
export function looksIndependent(values: readonly number[]): boolean {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  let squares = 0;
  let steps = 0;
  values.forEach((value, i) => {
    squares += (value - mean) ** 2;
    if (i > 0) steps += (value - (values[i - 1] as number)) ** 2;
  });
  if (squares === 0) return true; // all equal
  const correlation = 1 - steps / (2 * squares);
  return correlation * Math.sqrt((n * n - 1) / (n - 2)) <= CRITICAL;
}
