/** Steps with more tokens are so rare, and their tables would be so large, that they are worked out anew. */
const LARGEST = 2 ** 16;

/**
 * Remembers a number for each whole number from 0. A dense array of doubles: with holes, V8 would make it a dictionary,
 * and a look-up is most of what a step costs.
 */
export function memo(compute: (n: number) => number): (n: number) => number {
  let known = new Float64Array(0);
  return (n) => {
    if (n >= known.length) {
      if (n >= LARGEST) return compute(n);
      const grown = new Float64Array(2 ** Math.ceil(Math.log2(n + 1))).fill(NaN);
      grown.set(known);
      known = grown;
    }
    const value = known[n] as number;
    return Number.isNaN(value) ? (known[n] = compute(n)) : value;
  };
}
