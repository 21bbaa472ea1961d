/**
 * The fewest candidates whose weights, with that of `always`, reach the share p of the weights of all: the largest ones,
 * of equal weights the lower candidate first. Candidates are ascending, `always` is among them; so is the result.
 */
export function smallestShare(
  weights: ArrayLike<number>,
  candidates: ArrayLike<number>,
  p: number,
  always: number,
): number[] {
  const all = Array.from(candidates);
  const others = Float64Array.from(all, (candidate) => weights[candidate] as number); // sorted faster than objects are
  others[all.indexOf(always)] = -1; // last, and never taken
  others.sort().reverse();
  const first = weights[always] as number;
  const target = p * all.reduce((sum, candidate) => sum + (weights[candidate] as number), 0);
  let mass = first;
  let taken = 0;
  while (taken < all.length - 1 && mass < target) mass += others[taken++] as number;
  const least = taken === 0 ? Infinity : (others[taken - 1] as number);
  let equals = taken - others.indexOf(least); // of those that weigh as much as the last one taken
  return all.filter((candidate) => {
    const weight = weights[candidate] as number;
    return candidate === always || weight > least || (weight === least && equals-- > 0);
  });
}
