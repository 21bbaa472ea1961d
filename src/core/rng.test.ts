import { expect, test } from "vitest";
import { replicationSeed } from "./rng.js";

test("seeds of replications: the seed itself first, then whole numbers of their own that another seed does not share", () => {
  expect(replicationSeed(7, 0)).toBe(7);
  const seeds = [0, 1, 2 ** 53 - 1].flatMap((seed) =>
    Array.from({ length: 2000 }, (_, r) => replicationSeed(seed, r + 1)),
  );
  expect(new Set(seeds).size).toBe(6000);
  expect(seeds.every((seed) => Number.isSafeInteger(seed) && seed >= 0)).toBe(true);
  expect(replicationSeed(7, 3)).toBe(replicationSeed(7, 3));
});
