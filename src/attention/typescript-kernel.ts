import { SUM_BLOCK, TILE, tileOffset, type RowKernel } from "./row-kernel.js";

/** Below this share of the sums' total, their differences have lost too many digits. */
const CANCELLED = 1e-8;

/** The definition of the kernels: plain loops, f32 where they store, f64 between. */
export const typescriptKernel: RowKernel = {
  name: "typescript",
  floats: (length) => new Float32Array(length),
  doubles: (length) => new Float64Array(length),
  indices: (length) => new Uint32Array(length),
  release: () => undefined,

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

  clear(ranges, count, out) {
    for (let i = 0; i < 2 * count; i += 2) out.fill(0, ranges[i], ranges[i + 1]);
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

  blockSums(weights, stride, rows, values, headDim, from, to, sums) {
    const blocks = Math.ceil(stride / SUM_BLOCK);
    for (let row = 0; row < rows; row++) {
      for (let block = Math.floor(from / SUM_BLOCK); block * SUM_BLOCK < to; block++) {
        for (let c = 0; c < headDim; c++) {
          let sum = 0;
          const end = Math.min(to, (block + 1) * SUM_BLOCK);
          for (let j = Math.max(from, block * SUM_BLOCK); j < end; j++) {
            sum += (weights[row * stride + j] as number) * (values[j * headDim + c] as number);
          }
          sums[(row * blocks + block) * headDim + c] = sum;
        }
      }
    }
  },

  weightedSum(weights, values, sums, headDim, ranges, count, out) {
    for (let c = 0; c < headDim; c++) {
      let sum = 0;
      for (let i = 0; i < 2 * count; i += 2) {
        const end = ranges[i + 1] as number;
        for (let j = ranges[i] as number; j < end;) {
          if (j % SUM_BLOCK === 0 && j + SUM_BLOCK <= end) {
            sum += sums[(j / SUM_BLOCK) * headDim + c] as number;
            j += SUM_BLOCK;
          } else {
            sum += (weights[j] as number) * (values[j * headDim + c] as number);
            j++;
          }
        }
      }
      out[c] = sum;
    }
  },
};
