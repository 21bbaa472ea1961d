import seedrandom from "seedrandom";

/** Uniform in [0, 1). */
export type Rng = () => number;

/** The stream of one consumer under one seed: a new consumer cannot shift the draws of another. */
export function stream(seed: number, name: string): Rng {
  return seedrandom.alea(`${seed}/${name}`);
}

/**
 * The seed of one of several runs that differ in nothing but chance: a whole number below 2^53, so that the run can be
 * repeated alone. The first, number 0, has the seed itself.
 */
export function replicationSeed(seed: number, replication: number): number {
  if (replication === 0) return seed;
  const draw = stream(seed, `replication/${replication}`);
  return Math.floor(draw() * 2 ** 26) * 2 ** 27 + Math.floor(draw() * 2 ** 27);
}
