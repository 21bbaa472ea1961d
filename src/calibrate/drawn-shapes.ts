import { InputError } from "../core/check.js";
import type { Rng } from "../core/rng.js";
import type { KernelInfo, KernelRunner, Sizes } from "./kernel-runner.js";

/** Random small shapes of any kernel of the addon, for checks of what it computes. */

type Draw = (random: Rng, drawn: Sizes) => number;

const whole =
  (from: number, to: number, unit = 1): Draw =>
  (random) =>
    unit * (from + Math.floor(random() * (to - from + 1)));
const one =
  (...values: readonly number[]): Draw =>
  (random) =>
    values[Math.floor(random() * values.length)] as number;

/** A small value for each size that kernels have, by what was drawn before it. */
const SIZES: Readonly<Record<string, Draw>> = {
  bytes: whole(1, 3000, 16),
  m: whole(1, 70),
  n: whole(1, 20, 8),
  k: whole(1, 20, 8),
  sequences: whole(1, 3),
  tokens: whole(1, 40),
  context: whole(1, 300),
  queryHeads: one(2, 4, 8),
  kvHeads: one(1, 2),
  headDim: one(64, 128),
  hiddenSize: whole(1, 100, 8),
  intermediateSize: whole(1, 100, 8),
  vocabularySize: whole(16, 500, 4),
  topK: (random, { vocabularySize = 0 }) => one(vocabularySize, 5)(random, {}),
  topPercent: one(100, 90),
  budget: one(64, 128),
  prompt: one(0, 16, 30),
  kvFormat: one(0, 1),
  scattered: one(0, 1),
  ragged: one(0, 1),
  warps: whole(1, 3),
  launches: whole(1, 4),
  nodes: whole(1, 4),
  gpus: one(2),
};
/** RaaS counts what it has seen in whole pages. */
const PAGED = new Set(["raas-step"]);
const TRIES = 1000;

/** So many shapes that the kernel takes; it may refuse some that are drawn. */
export function drawnShapes(
  runner: Pick<KernelRunner, "work">,
  kernel: KernelInfo,
  random: Rng,
  count: number,
): readonly Sizes[] {
  const taken: Sizes[] = [];
  for (let tries = 0; taken.length < count; tries++) {
    if (tries === TRIES) throw new Error(`${kernel.name} refuses every shape`);
    const shape = drawn(kernel, random);
    try {
      runner.work(kernel.name, shape);
      taken.push(shape);
    } catch (cause) {
      if (!(cause instanceof InputError)) throw cause;
    }
  }
  return taken;
}

function drawn({ name, sizes }: KernelInfo, random: Rng): Sizes {
  const shape: Record<string, number> = {};
  for (const size of sizes) {
    const draw = SIZES[size];
    if (draw === undefined) throw new Error(`no values for the size ${size}`);
    shape[size] = draw(random, shape);
  }
  if (PAGED.has(name)) shape["context"] = 16 * Math.ceil((shape["context"] ?? 0) / 16);
  return shape;
}
