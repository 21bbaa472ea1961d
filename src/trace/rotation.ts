import { randomNormal } from "d3-random";
import type { Rng } from "../core/rng.js";

/** A random orthogonal matrix [size, size]: rows of normal numbers, made orthonormal one after another (Gram-Schmidt). */
export function orthogonal(rng: Rng, size: number): Float64Array {
  const normal = randomNormal.source(rng)(0, 1);
  const matrix = Float64Array.from({ length: size * size }, normal);
  const row = (i: number): Float64Array => matrix.subarray(i * size, (i + 1) * size);
  for (let i = 0; i < size; i++) {
    for (let before = 0; before < i; before++) {
      const overlap = dot(row(i), row(before));
      row(before).forEach((value, c) => (matrix[i * size + c] = (matrix[i * size + c] as number) - overlap * value));
    }
    const length = Math.sqrt(dot(row(i), row(i)));
    row(i).forEach((value, c) => (matrix[i * size + c] = value / length));
  }
  return matrix;
}

/** out = the vector's coordinates times the rows of the matrix. */
export function rotate(matrix: Float64Array, vector: Float64Array, out: Float32Array): void {
  const size = vector.length;
  const sums = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    const coordinate = vector[i] as number;
    if (coordinate === 0) continue;
    for (let c = 0; c < size; c++) sums[c] = (sums[c] as number) + coordinate * (matrix[i * size + c] as number);
  }
  out.set(sums);
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, c) => sum + value * (b[c] as number), 0);
}
