import type { GemmParameters } from "../hardware/profile.js";
import { overlapped, type DeviceFacts } from "./device-facts.js";

/** One matrix product (m, k) × (k, n) → (m, n). Outputs have 2 bytes an element. */
export interface GemmWork {
  readonly m: number; // tokens
  readonly n: number;
  readonly k: number;
  readonly inputBytes: number; // an element of the (m, k) operand
  readonly weightBytes: number; // an element of the (k, n) operand
  readonly peakFlops: number; // of the format that the tensor cores multiply in
}

const OUTPUT_BYTES = 2;
const PARTIAL_BYTES = 4; // sums of a split k are kept in 32 bits
/** A bound that is worked out another way than what it bounds may be off in the last digits. */
const ROUNDING = 1 - 1e-9;

interface Tile {
  readonly rows: number;
  readonly columns: number;
}

/** Shapes of the output that one thread block computes; libraries choose among about these. */
const TILES: readonly Tile[] = [
  { rows: 16, columns: 64 },
  { rows: 64, columns: 32 },
  { rows: 64, columns: 64 },
  { rows: 64, columns: 128 },
  { rows: 128, columns: 64 },
  { rows: 128, columns: 128 },
  { rows: 128, columns: 256 },
];
const SPLITS = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48];
const LEAST_SPLIT_K = 256;
const LEAST_K = 32;
/** The epilogue's time is stated for this tile. */
const STATED_TILE = 128 * 128;

// Of each tile in the product at hand: a fit asks for millions of products.
const tileCount = new Float64Array(TILES.length);
const stepSeconds = new Float64Array(TILES.length); // along k
const endSeconds = new Float64Array(TILES.length); // of the epilogue

/**
 * Seconds of a matrix product: thread blocks compute tiles of the output, in waves over the multiprocessors, and the
 * library takes the tile and the split of k that are fastest. A tile's step along k takes the root of the squares of
 * its products at peak, its operands' way from the L2 cache and a latency: they overlap, but not fully; memory traffic of
 * the whole overlaps with all that. A product cannot be faster than the clocks that the power limit leaves when all tensor
 * cores work.
 */
export function gemmSeconds(work: GemmWork, device: DeviceFacts, parameters: GemmParameters): number {
  const { m, n, k } = work;
  if (m === 0) return 0;
  const { multiprocessors, bandwidthBytesPerSecond } = device;
  const flopsPerBlock = work.peakFlops / multiprocessors;
  const operandBandwidth = (parameters.operandBandwidth * bandwidthBytesPerSecond) / multiprocessors;
  const bytes = work.inputBytes * m * k + work.weightBytes * n * k + OUTPUT_BYTES * m * n;
  const memory = bytes / (parameters.bandwidthEfficiency * bandwidthBytesPerSecond);
  const partial = (parameters.partialTraffic * PARTIAL_BYTES * m * n) / bandwidthBytesPerSecond;
  // What does not depend on the split, once a tile.
  let least = Infinity; // seconds that no split goes below: every multiprocessor busy all the time
  for (let t = 0; t < TILES.length; t++) {
    const { rows, columns } = TILES[t] as Tile;
    const products = (2 * (parameters.exactRows === true ? Math.min(rows, m) : rows) * columns) / flopsPerBlock;
    const operands = (work.inputBytes * Math.min(rows, m) + work.weightBytes * Math.min(columns, n)) / operandBandwidth;
    tileCount[t] = Math.ceil(m / rows) * Math.ceil(n / columns);
    stepSeconds[t] = Math.sqrt(products ** 2 + operands ** 2 + parameters.stepSeconds ** 2);
    endSeconds[t] = (parameters.tileSeconds * rows * columns) / STATED_TILE;
    least = Math.min(least, (tileCount[t]! * k * stepSeconds[t]!) / multiprocessors);
  }
  least = Math.max(memory, ROUNDING * least);
  let fastest = Infinity;
  for (const splits of SPLITS) {
    if (splits > 1 && k / splits < LEAST_SPLIT_K) break;
    const reduction = splits === 1 ? 0 : parameters.splitSeconds + splits * partial;
    if (least + reduction >= fastest) break; // as with all larger splits
    const length = Math.max(LEAST_K, k / splits);
    let blocks = Infinity; // seconds of the best tile
    for (let t = 0; t < TILES.length; t++) {
      const waves = wavesOf((tileCount[t]! * splits) / multiprocessors, parameters);
      const seconds = waves * (length * stepSeconds[t]! + endSeconds[t]!);
      if (seconds < blocks) blocks = seconds;
    }
    if (Math.max(blocks, memory) + reduction >= fastest) continue;
    fastest = Math.min(fastest, overlapped(blocks, memory, parameters.p) + reduction);
  }
  const sustained = (2 * m * n * k) / (parameters.sustainedEfficiency * work.peakFlops);
  return parameters.launchSeconds + Math.max(fastest, sustained);
}

/** A wave that is not full takes as long as a full one, unless blocks are persistent and share the rest. */
function wavesOf(blocksEach: number, { persistent }: GemmParameters): number {
  return persistent ? Math.max(1, blocksEach) : Math.ceil(blocksEach);
}
