import { TILE, tileOffset, type RowKernel } from "./row-kernel.js";

/** Channel-wise smallest and largest keys of the pages of one KV head (Quest's representatives), as the text grows. */
export class PageIndex {
  private readonly low: Float32Array; // [tile of 8 pages][headDim][8]
  private readonly high: Float32Array;
  private readonly kernel: RowKernel;
  private readonly tiles: Float32Array;
  private readonly page: number;
  private readonly headDim: number;
  private positions = 0;

  /** `tiles`: the keys of all positions, [tile][headDim][8]. */
  constructor(kernel: RowKernel, tiles: Float32Array, page: number, headDim: number, totalTokens: number) {
    const padded = Math.ceil(totalTokens / page / TILE) * TILE;
    this.kernel = kernel;
    this.tiles = tiles;
    this.page = page;
    this.headDim = headDim;
    this.low = kernel.floats(padded * headDim);
    this.high = kernel.floats(padded * headDim);
  }

  /**
   * Quest's bound of each page over the keys up to and with `position`, mean over `rows` queries [rows, headDim]. `out` is
   * as long as all pages, rounded up to 8.
   */
  bounds(queries: Float32Array, rows: number, position: number, out: Float32Array): void {
    this.growTo(position);
    const tiles = Math.ceil((Math.floor(position / this.page) + 1) / TILE);
    this.kernel.pageBounds(queries, rows, this.headDim, this.low, this.high, tiles, 1 / rows, out);
  }

  private growTo(position: number): void {
    for (; this.positions <= position; this.positions++) {
      const key = tileOffset(this.positions, this.headDim);
      const at = tileOffset(Math.floor(this.positions / this.page), this.headDim);
      const first = this.positions % this.page === 0;
      for (let c = 0; c < this.headDim * TILE; c += TILE) {
        const value = this.tiles[key + c] as number;
        if (first || value < (this.low[at + c] as number)) this.low[at + c] = value;
        if (first || value > (this.high[at + c] as number)) this.high[at + c] = value;
      }
    }
  }
}
