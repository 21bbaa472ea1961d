import type { QueryView } from "./lane.js";

const ALIKE = 0.5; // cosine above which a key counts as a copy
const EPSILON = 1e-8; // added to norms, as the code does

/**
 * How much each key repeats others, in the order of the positions given: the mean over all keys of their cosine
 * similarity to it. A key is not compared with itself, and the last of the keys that are like a given one (cosine above
 * 0.5) is not charged with that likeness: of copies the newest is spared. (Zefan-Cai/R-KV, rkv/utils.py. There, a key
 * that is like no other spares the first one of all; here it spares none, as the paper has it.)
 */
export function redundancy(view: QueryView, positions: readonly number[]): Float64Array {
  const { headDim } = view;
  const count = positions.length;
  const keys = unitKeys(view, positions);
  const sums = new Float64Array(count);
  const lastAlike = new Int32Array(count).fill(-1);
  const likeness = new Float64Array(count); // to that one
  for (let i = 0; i < count; i++) {
    for (let j = i + 1; j < count; j++) {
      let cosine = 0;
      for (let a = i * headDim, b = j * headDim; a < (i + 1) * headDim; a++, b++) {
        cosine += (keys[a] as number) * (keys[b] as number);
      }
      sums[i] = (sums[i] as number) + cosine;
      sums[j] = (sums[j] as number) + cosine;
      if (cosine <= ALIKE) continue;
      for (const [row, other] of [
        [i, j],
        [j, i],
      ] as const) {
        if (other <= (lastAlike[row] as number)) continue;
        lastAlike[row] = other;
        likeness[row] = cosine;
      }
    }
  }
  lastAlike.forEach((spared, row) => {
    if (spared >= 0) sums[spared] = (sums[spared] as number) - (likeness[row] as number);
  });
  return sums.map((sum) => sum / count);
}

function unitKeys(view: QueryView, positions: readonly number[]): Float64Array {
  const keys = new Float64Array(positions.length * view.headDim);
  const key = new Float32Array(view.headDim);
  positions.forEach((position, i) => {
    view.key(position, key);
    const norm = Math.hypot(...key) + EPSILON;
    for (let c = 0; c < key.length; c++) keys[i * key.length + c] = (key[c] as number) / norm;
  });
  return keys;
}
