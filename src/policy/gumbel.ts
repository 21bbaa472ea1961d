import type { Rng } from "../core/rng.js";

/**
 * Standard Gumbel noise. The largest of log odds + noise is a draw by those odds; the k largest are k draws, one after the
 * other, without putting back.
 */
export function gumbel(rng: Rng): number {
  return -Math.log(-Math.log(rng()));
}
