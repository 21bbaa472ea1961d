/**
 * The hot loops of attention rows. typescript-kernel.ts is their definition; wasm-kernel.ts is as much faster as SIMD
 * makes it, and agrees up to the rounding of f32. Arrays must come from the kernel they are given to.
 */
export interface RowKernel {
  readonly name: "typescript" | "wasm-simd";
  floats(length: number): Float32Array;
  doubles(length: number): Float64Array;
  indices(length: number): Uint32Array;
  /** Takes back all arrays it gave out: nobody may use them any more. */
  release(): void;
  /**
   * Scaled dot products of `rows` queries [rows, headDim] with keys [tile][headDim][8], each tile 8 positions:
   * out[row · outStride + position] for the positions of tiles fromTile … toTile - 1.
   */
  dots(
    queries: Float32Array,
    rows: number,
    headDim: number,
    keys: Float32Array,
    fromTile: number,
    toTile: number,
    scale: number,
    out: Float32Array,
    outStride: number,
  ): void;
  /**
   * weights[j] = e^(logits[j] - largest) for from ≤ j < to, 0 before; prefix[j] = sum of the weights before j, to + 1 of
   * them, in f64. At least one of the logits is finite.
   */
  softmax(logits: Float32Array, from: number, to: number, weights: Float32Array, prefix: Float64Array): void;
  /**
   * Attention over `count` ranges of positions, start and end in turn in `ranges`. For each of `rows` rows, `stride` apart
   * in `weights` and stride + 1 apart in `prefix`: masses[row] = sum of its weights in the ranges, and out[j] +=
   * weights[j] · share / masses[row] for each j in them. A row whose weights there all vanish adds nothing.
   */
  attend(
    weights: Float32Array,
    prefix: Float64Array,
    stride: number,
    rows: number,
    ranges: Uint32Array,
    count: number,
    share: number,
    masses: Float64Array,
    out: Float32Array,
  ): void;
  /** out[j] = 0 for each j in the ranges. */
  clear(ranges: Uint32Array, count: number, out: Float32Array): void;
  /** The indices j < to with row[j] ≥ threshold, ascending, into `out`; returns how many. */
  atLeast(row: Float32Array, to: number, threshold: number, out: Uint32Array): number;
  /**
   * out[p] = factor · Σ_row Σ_c max(q_c · low_c[p], q_c · high_c[p]) over queries [rows, headDim], for the pages p of the
   * first `tiles` tiles; low and high are [tile][headDim][8], each tile 8 pages.
   */
  pageBounds(
    queries: Float32Array,
    rows: number,
    headDim: number,
    low: Float32Array,
    high: Float32Array,
    tiles: number,
    factor: number,
    out: Float32Array,
  ): void;
  /**
   * sums[row][b][c] = Σ_j weights[row][j] · values[j][c] over the positions from ≤ j < to of block b, for the blocks that
   * have any; blocks are of 16 positions, values [positions, headDim], rows of weights `stride` apart, their sums [blocks,
   * headDim] as many blocks apart as the stride has.
   */
  blockSums(
    weights: Float32Array,
    stride: number,
    rows: number,
    values: Float32Array,
    headDim: number,
    from: number,
    to: number,
    sums: Float32Array,
  ): void;
  /** out[c] = Σ_j weights[j] · values[j][c] over the ranges; blocks that lie in one as a whole are taken from `sums`. */
  weightedSum(
    weights: Float32Array,
    values: Float32Array,
    sums: Float32Array,
    headDim: number,
    ranges: Uint32Array,
    count: number,
    out: Float32Array,
  ): void;
}

/** Positions of a tile of keys, pages of a tile of bounds. */
export const TILE = 8;

/** Positions whose weighted values are summed once for all who read them together. */
export const SUM_BLOCK = 16;

/** Where channel 0 of a position's key stands in [tile][headDim][8]; the channels follow TILE apart. */
export function tileOffset(position: number, headDim: number): number {
  return (position - (position % TILE)) * headDim + (position % TILE);
}
