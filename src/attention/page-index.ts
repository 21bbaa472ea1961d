import { TILE, tileOffset, type RowKernel } from "./row-kernel.js";

/** Channel-wise smallest and largest keys of the pages of one KV head (Quest's representatives), as the text grows. */
export class PageIndex {
  private readonly low: Float32Array; // [pages, headDim]
  private readonly high: Float32Array;
  private readonly kernel: RowKernel;
  private readonly tiles: Float32Array;
  private readonly page: number;
  private readonly headDim: number;
  private positions = 0;

  /** `tiles`: the keys of all positions, [tile][headDim][8]. */
  constructor(kernel: RowKernel, tiles: Float32Array, page: number, headDim: number, totalTokens: number) {
    const pages = Math.ceil(totalTokens / page);
    this.kernel = kernel;
    this.tiles = tiles;
    this.page = page;
    this.headDim = headDim;
    this.low = kernel.floats(pages * headDim).fill(Infinity);
    this.high = kernel.floats(pages * headDim).fill(-Infinity);
  }

  /** Fills `out` with Quest's bound of each page, over the keys up to and with `position`. */
  bounds(query: Float32Array, position: number, out: Float32Array): void {
    this.growTo(position);
    const pages = Math.floor(position / this.page) + 1;
    out.fill(0, 0, pages);
    this.kernel.pageBounds(query, this.low, this.high, 0, pages, 1, out);
  }

  private growTo(position: number): void {
    for (; this.positions <= position; this.positions++) {
      const key = tileOffset(this.positions, this.headDim);
      const at = Math.floor(this.positions / this.page) * this.headDim;
      for (let c = 0; c < this.headDim; c++) {
        const value = this.tiles[key + c * TILE] as number;
        if (value < (this.low[at + c] as number)) this.low[at + c] = value;
        if (value > (this.high[at + c] as number)) this.high[at + c] = value;
      }
    }
  }
}
