import seedrandom from "seedrandom";

/** Uniform in [0, 1). */
export type Rng = () => number;

/** The stream of one consumer under one seed: a new consumer cannot shift the draws of another. */
export function stream(seed: number, name: string): Rng {
  return seedrandom.alea(`${seed}/${name}`);
}
