/**
 * All times are multiples of 2^-36 s (15 ps). Sums and products by integers of such numbers are exact in a double below
 * 2^17 s, 36 hours of simulated time, so fast-forward and step by step agree to the last bit; beyond that they degrade
 * by single last bits and stay deterministic. Coefficients are per token over all layers of a group, at least some
 * hundred quanta, so that rounding them costs well under 0.5 %.
 */
const PER_SECOND = 2 ** 36;

/** The shortest time there is, seconds. */
export const QUANTUM = 1 / PER_SECOND;

export function toQuantum(seconds: number): number {
  return Math.round(seconds * PER_SECOND) / PER_SECOND;
}
