import { TILE, tileOffset, type RowKernel } from "./row-kernel.js";

/** Below this share of the sums' total, their differences have lost too many digits. */
const CANCELLED = 1e-8;

/** The definition of the kernels: plain loops, f32 where they store, f64 between. */
export const typescriptKernel: RowKernel = {
  name: "typescript",
  floats: (length) => new Float32Array(length),
  doubles: (length) => new Float64Array(length),
  indices: (length) => new Uint32Array(length),

  dots(queries, rows, headDim, keys, fromTile, toTile, scale, out, outStride) {
    for (let row = 0; row < rows; row++) {
      for (let position = fromTile * TILE; position < toTile * TILE; position++) {
        const key = tileOffset(position, headDim);
        let sum = 0;
        for (let c = 0; c < headDim; c++) {
          sum += (queries[row * headDim + c] as number) * (keys[key + c * TILE] as number);
        }
        out[row * outStride + position] = sum * scale;
      }
    }
  },

  softmax(logits, from, to, weights, prefix) {
    let largest = -Infinity;
    for (let j = from; j < to; j++) largest = Math.max(largest, logits[j] as number);
    weights.fill(0, 0, from);
    prefix.fill(0, 0, from + 1);
    for (let j = from; j < to; j++) {
      weights[j] = Math.exp((logits[j] as number) - largest);
      prefix[j + 1] = (prefix[j] as number) + (weights[j] as number);
    }
  },

  attend(weights, prefix, stride, rows, ranges, count, share, masses, out) {
    for (let row = 0; row < rows; row++) {
      const sums = row * (stride + 1);
      let mass = 0;
      for (let i = 0; i < 2 * count; i += 2) {
        mass += (prefix[sums + (ranges[i + 1] as number)] as number) - (prefix[sums + (ranges[i] as number)] as number);
      }
      const first = row * stride;
      const total = prefix[sums + (ranges[2 * count - 1] as number)] as number;
      if (mass < total * CANCELLED) {
        mass = 0;
        for (let i = 0; i < 2 * count; i += 2) {
          for (let j = ranges[i] as number; j < (ranges[i + 1] as number); j++) mass += weights[first + j] as number;
        }
      }
      masses[row] = mass;
      if (mass === 0) continue;
      const factor = share / mass;
      for (let i = 0; i < 2 * count; i += 2) {
        for (let j = ranges[i] as number; j < (ranges[i + 1] as number); j++) {
          out[j] = (out[j] as number) + (weights[first + j] as number) * factor;
        }
      }
    }
  },

  atLeast(row, to, threshold, out) {
    let found = 0;
    for (let j = 0; j < to; j++) if ((row[j] as number) >= threshold) out[found++] = j;
    return found;
  },

  pageBounds(queries, rows, headDim, low, high, tiles, factor, out) {
    for (let page = 0; page < tiles * TILE; page++) {
      const first = tileOffset(page, headDim);
      let sum = 0;
      for (let row = 0; row < rows; row++) {
        for (let c = 0; c < headDim; c++) {
          const q = queries[row * headDim + c] as number;
          const at = first + c * TILE;
          sum += Math.max(q * (low[at] as number), q * (high[at] as number));
        }
      }
      out[page] = sum * factor;
    }
  },

  addValues(weights, values, from, to, out) {
    const headDim = out.length;
    for (let j = from; j < to; j++) {
      const weight = weights[j] as number;
      for (let c = 0; c < headDim; c++) out[c] = (out[c] as number) + weight * (values[j * headDim + c] as number);
    }
  },
};
