import type { ScaledGemmParameters } from "../hardware/profile.js";
import { overlapped, type DeviceFacts } from "./device-facts.js";

/** One matrix product (m, k) × (k, n) of 8-bit operands. The first comes in 16 bits, as the output leaves. */
export interface ScaledGemmWork {
  readonly m: number; // tokens
  readonly n: number;
  readonly k: number;
  readonly peakFlops: number;
}

const OUTPUT_BYTES = 2;
/** An activation is read in 16 bits and written in 8. */
const QUANTISED_BYTES = 3;
const NARROW_COLUMNS = 1280;
const SHORT_STEP = 128;
const LONG_STEP = 256;
/** The time at the end of a tile is stated for this one. */
const STATED_TILE = 128 * 128;

/**
 * Seconds of a product as vLLM's kernel for Hopper does it (CUTLASS, scaled_mm_sm90_fp8_dispatch.cuh): the tile follows
 * from m alone. Activations are quantised first. Thread blocks take tiles in waves over the multiprocessors; a wave costs
 * a start, steps along k and, where it is the last, its end; memory traffic overlaps with all that.
 */
export function scaledGemmSeconds(work: ScaledGemmWork, device: DeviceFacts, parameters: ScaledGemmParameters): number {
  const { m, n, k } = work;
  if (m === 0) return 0;
  const { bandwidthBytesPerSecond } = device;
  const seconds = (rows: number, tileRows: number, tileColumns: number, step: number): number =>
    tilesSeconds(
      Math.ceil(rows / tileRows) * Math.ceil(n / tileColumns),
      tileRows * tileColumns,
      step,
      work,
      device,
      parameters,
    );
  // What takes a larger tile is no faster than the most that the smaller one takes.
  let tiles = seconds(Math.min(m, 16), 16, 64, LONG_STEP);
  if (m > 16) tiles = Math.max(tiles, seconds(Math.min(m, 64), n <= NARROW_COLUMNS ? 16 : 64, 64, LONG_STEP));
  if (m > 64) tiles = Math.max(tiles, seconds(Math.min(m, 128), 64, 128, SHORT_STEP));
  if (m > 128) tiles = Math.max(tiles, seconds(m, 128, 128, SHORT_STEP));
  const bytes = m * k + n * k + OUTPUT_BYTES * m * n;
  const memory = bytes / (parameters.bandwidthEfficiency * bandwidthBytesPerSecond);
  const sustained = (2 * m * n * k) / (parameters.sustainedEfficiency * work.peakFlops);
  const quantising = (parameters.quantisationTraffic * QUANTISED_BYTES * m * k) / bandwidthBytesPerSecond;
  return parameters.launchSeconds + quantising + Math.max(sustained, overlapped(tiles, memory, parameters.p));
}

function tilesSeconds(
  count: number,
  size: number,
  step: number,
  { k, peakFlops }: ScaledGemmWork,
  { multiprocessors }: DeviceFacts,
  { stepSeconds, waveSeconds, tileSeconds }: ScaledGemmParameters,
): number {
  const products = (2 * size * multiprocessors) / peakFlops;
  const along = Math.ceil(k / step) * step * Math.sqrt(products ** 2 + stepSeconds ** 2);
  return Math.ceil(count / multiprocessors) * (waveSeconds + along) + (tileSeconds * size) / STATED_TILE;
}
