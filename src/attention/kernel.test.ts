import { expect, test } from "vitest";
import { stream } from "../core/rng.js";
import type { RowKernel } from "./row-kernel.js";
import { typescriptKernel } from "./typescript-kernel.js";
import { wasmKernel } from "./wasm-kernel.js";

/** Each function, the same input through both kernels: equal up to the rounding of f32. */

const SIZES = [1, 3, 4, 7, 8, 15, 16, 33, 250];

function filled(array: Float32Array, name: string): Float32Array {
  const rng = stream(7, name);
  for (let i = 0; i < array.length; i++) array[i] = 4 * rng() - 2;
  return array;
}

function both<T>(work: (kernel: RowKernel) => T): [T, T] {
  return [work(typescriptKernel), work(wasmKernel())];
}

function expectClose(found: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(found.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const allowed = tolerance * Math.max(1, Math.abs(expected[i] as number));
    expect(Math.abs((found[i] as number) - (expected[i] as number))).toBeLessThanOrEqual(allowed);
  }
}

test.each([1, 3, 4, 5, 32])("dot products of %i rows, all tiles and a part of them", (rows) => {
  for (const headDim of [4, 64, 80]) {
    const [slow, fast] = both((kernel) => {
      const out = kernel.floats(rows * 40).fill(9);
      const keys = filled(kernel.floats(5 * 8 * headDim), "keys");
      kernel.dots(filled(kernel.floats(rows * headDim), "q"), rows, headDim, keys, 1, 4, 0.125, out, 40);
      return out;
    });
    expectClose(fast, slow, 1e-5);
    expect(fast[7]).toBe(9); // outside the tiles asked for
    expect(fast[32]).toBe(9);
  }
});

test.each(SIZES)("softmax of %i logits: weights, prefix sums and what lies outside the window", (to) => {
  const from = Math.floor(to / 3);
  const [slow, fast] = both((kernel) => {
    const logits = filled(kernel.floats(to), "logits");
    logits[from] = -1000; // vanishes
    logits[to - 1] = 12;
    const weights = kernel.floats(to).fill(5);
    const prefix = kernel.doubles(to + 1).fill(5);
    kernel.softmax(logits, from, to, weights, prefix);
    return [...weights, ...prefix];
  });
  expectClose(fast, slow, 3e-7);
  expect(fast.slice(0, from).every((weight) => weight === 0)).toBe(true);
});

test("e^x is right to two units in the last place over its whole range", () => {
  const kernel = wasmKernel();
  const count = 20_000;
  const logits = kernel.floats(count + 1);
  for (let i = 0; i < count; i++) logits[i] = (-87 * i) / count;
  logits[count] = 0;
  const weights = kernel.floats(count + 1);
  kernel.softmax(logits, 0, count + 1, weights, kernel.doubles(count + 2));
  for (let i = 0; i <= count; i++) {
    const exact = Math.exp(logits[i] as number);
    expect(Math.abs((weights[i] as number) - exact) / exact).toBeLessThan(2.4e-7);
  }
});

test.each(SIZES)("attention over ranges of %i positions, and thresholds", (to) => {
  const [slow, fast] = both((kernel) => {
    const [weights, prefix] = [kernel.floats(3 * to), kernel.doubles(3 * (to + 1))];
    const logits = filled(kernel.floats(to), "logits");
    for (let row = 0; row < 3; row++) {
      logits[0] = row === 2 ? 40 : 0; // the ranges leave out nearly all of the third row's mass
      const sums = prefix.subarray(row * (to + 1), (row + 1) * (to + 1));
      kernel.softmax(logits, 0, to, weights.subarray(row * to, (row + 1) * to), sums);
    }
    const middle = Math.ceil(to / 2);
    const ranges = kernel.indices(4);
    ranges.set([Math.min(1, to - 1), middle, Math.min(to, middle + 1), to]);
    const [masses, out, found] = [kernel.doubles(3), kernel.floats(to), kernel.indices(to)];
    kernel.attend(weights, prefix, to, 3, ranges, 2, 1 / 3, masses, out);
    const count = kernel.atLeast(out, to, 0.01, found);
    return { out, masses: [...masses], found: found.slice(0, count) };
  });
  expectClose(fast.out, slow.out, 1e-6);
  fast.masses.forEach((mass, row) => {
    const expected = slow.masses[row] as number;
    expect(Math.abs(mass - expected)).toBeLessThanOrEqual(5e-6 * expected);
  });
  const sum = [...fast.out].reduce((total, share) => total + share, 0);
  if (to > 3) expect(sum).toBeCloseTo(1, 5);
  expect([...fast.found]).toEqual([...slow.found]);
});

test.each([4, 7, 20, 64, 80])("page bounds at head dimension %i", (headDim) => {
  for (const rows of [1, 3]) {
    const [slow, fast] = both((kernel) => {
      const [low, high] = [kernel.floats(3 * 8 * headDim), kernel.floats(3 * 8 * headDim)];
      const bounds = kernel.floats(24).fill(9);
      const queries = filled(kernel.floats(rows * headDim), "q");
      kernel.pageBounds(queries, rows, headDim, filled(low, "low"), filled(high, "high"), 2, 0.5, bounds);
      return bounds;
    });
    expectClose(fast, slow, 1e-5);
    expect(fast[15]).not.toBe(9);
    expect(fast[16]).toBe(9); // outside the tiles asked for
  }
});

test.each([4, 7, 20, 64, 80])("weighted sums of values at head dimension %i", (headDim) => {
  const [slow, fast] = both((kernel) => {
    const [weights, values] = [kernel.floats(180), kernel.floats(90 * headDim)];
    filled(weights, "weights");
    filled(values, "values");
    const sums = kernel.floats(12 * headDim).fill(9);
    kernel.blockSums(weights, 90, 2, values, headDim, 19, 83, sums);
    const ranges = kernel.indices(6);
    ranges.set([20, 25, 31, 66, 70, 83]);
    const out = kernel.floats(headDim).fill(9);
    kernel.weightedSum(weights, values, sums, headDim, ranges, 3, out);
    return { sums, out, weights, values };
  });
  expectClose(fast.sums, slow.sums, 1e-5);
  expectClose(fast.out, slow.out, 1e-5);
  expect(fast.sums[0]).toBe(9); // outside the blocks asked for
  expect(fast.sums[6 * headDim]).toBe(9);
  const c = headDim - 1;
  const among = (j: number): boolean => (j >= 20 && j < 25) || (j >= 31 && j < 66) || (j >= 70 && j < 83);
  let sum = 0;
  for (let j = 0; j < 90; j++) if (among(j)) sum += fast.weights[j]! * fast.values[j * headDim + c]!;
  expect(fast.out[c]).toBeCloseTo(sum, 4);
});

test("clearing ranges leaves the rest", () => {
  for (const kernel of [typescriptKernel, wasmKernel()]) {
    const out = kernel.floats(30).fill(1);
    const ranges = kernel.indices(6);
    ranges.set([1, 2, 4, 15, 20, 29]);
    kernel.clear(ranges, 3, out);
    const ones = [...out.keys()].filter((j) => out[j] === 1);
    expect(ones).toEqual([0, 2, 3, 15, 16, 17, 18, 19, 29]);
  }
});

test("what is given back is given out again, and cleared", () => {
  const kernel = wasmKernel();
  const first = kernel.floats(1000).fill(3);
  kernel.release();
  const second = kernel.floats(900);
  expect(second.byteOffset).toBe(first.byteOffset);
  expect(second.buffer).toBe(first.buffer);
  expect(second.every((value) => value === 0)).toBe(true);
  expect(kernel.floats(1000).every((value) => value === 0)).toBe(true);
});

test("memory grows under arrays that are in use", () => {
  const kernel = wasmKernel();
  const early = kernel.floats(64).fill(3);
  const late = kernel.floats(1_000_000).fill(4);
  const sums = kernel.floats(64);
  kernel.blockSums(early, 64, 1, late, 64, 0, 1, sums);
  expect(sums[9]).toBe(12);
});
