/**
 * The fewest candidates whose weights, with that of `always`, reach the share p of the weights of all: the largest ones,
 * of equal weights the lower candidate first. Ascending; `always` is among them. Candidates are ascending.
 */
export function smallestShare(
  weights: ArrayLike<number>,
  candidates: ArrayLike<number>,
  p: number,
  always: number,
): number[] {
  let total = 0;
  for (let i = 0; i < candidates.length; i++) total += weights[candidates[i] as number] as number;
  const others = Array.from(candidates).filter((candidate) => candidate !== always);
  others.sort((a, b) => (weights[b] as number) - (weights[a] as number) || a - b);
  let mass = weights[always] as number;
  let taken = 0;
  while (taken < others.length && mass < p * total) mass += weights[others[taken++] as number] as number;
  return [...others.slice(0, taken), always].sort((a, b) => a - b);
}
