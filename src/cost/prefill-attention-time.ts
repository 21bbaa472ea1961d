import type { PrefillKernel } from "../hardware/profile.js";
import { overlapped, type DeviceFacts } from "./device-facts.js";

/** Causal attention of one layer on one GPU over several sequences at once. */
export interface PrefillWork {
  readonly sequences: number; // of each shape among the chunks
  readonly chunks: readonly PrefillShape[];
  readonly queryHeads: number; // on this GPU
  readonly kvHeads: number;
  readonly headDim: number; // of queries and keys
  readonly window: number; // keys that a query sees at most; Infinity: all
  readonly kvBytes: number; // of one token on this GPU
}

export interface PrefillShape {
  readonly tokens: number; // new, of one sequence
  readonly context: number; // cached before them
}

const KEY_BLOCK = 128;
/** FlashAttention's rows of a thread block (tile_size.h of FlashAttention-3; FlashAttention-2 has 128). */
const NARROW_HEAD = 64;
const NARROW_ROWS = 192;
const ROWS = 128;
const ACTIVATION_BYTES = 2;
/** A token's keys and values are written by one thread block of at most so many heads of 128. */
const WRITERS = 4;

/**
 * Seconds of one call. Thread blocks take tiles of queries and go through their keys block by block; the block on the
 * diagonal costs more. The longest tile bounds the time from below, as do bytes. FlashAttention-3 packs the queries of a
 * KV head into one tile.
 */
export function prefillAttentionSeconds(work: PrefillWork, device: DeviceFacts, kernel: PrefillKernel): number {
  const packed = kernel.kernel === "flash-attention-3";
  const group = packed ? work.queryHeads / work.kvHeads : 1;
  const heads = packed ? work.kvHeads : work.queryHeads;
  const tileTokens = (packed && kernel.headDim <= NARROW_HEAD ? NARROW_ROWS : ROWS) / group;
  const scale = work.headDim / kernel.headDim;
  let busy = 0; // thread blocks' seconds
  let longest = 0;
  let bytes = 0;
  let written = 0;
  const { sequences } = work;
  for (const { tokens, context } of work.chunks) {
    const tiles = sequences * heads * Math.ceil(tokens / tileTokens);
    const filled = Math.min(1, tokens / tileTokens);
    const keys = queryKeyPairs(tokens, context, work.window) / tokens / KEY_BLOCK;
    const most = Math.min(tokens + context, work.window) / KEY_BLOCK;
    const start =
      kernel.tileSeconds + scale * kernel.edgeSeconds * filled * Math.min(1, (tokens + context) / KEY_BLOCK);
    busy += tiles * (start + scale * kernel.blockSeconds * filled * keys);
    longest = Math.max(longest, start + scale * kernel.blockSeconds * filled * most);
    bytes +=
      sequences *
      (2 * ACTIVATION_BYTES * tokens * work.queryHeads * work.headDim +
        (tokens + Math.min(context, work.window)) * work.kvBytes);
    written += sequences * tokens;
  }
  const computing = overlapped(busy / device.multiprocessors, kernel.longestShare * longest, kernel.balance);
  const streaming = bytes / (kernel.bandwidthEfficiency * device.bandwidthBytesPerSecond);
  const writing =
    written *
    (kernel.writeSeconds * Math.min(WRITERS, work.kvHeads) +
      kernel.writeMoreSeconds * Math.max(0, work.kvHeads - WRITERS));
  return kernel.launchSeconds + writing + overlapped(computing, streaming, kernel.p);
}

/** Pairs that causal attention computes: query i of a chunk sees context + i keys, at most `window`. */
export function queryKeyPairs(tokens: number, context: number, window: number): number {
  const unbounded = Math.min(tokens, Math.max(0, window - context)); // queries that see everything before them
  return (
    unbounded * context + (unbounded * (unbounded + 1)) / 2 + (tokens - unbounded) * Math.min(window, context + tokens)
  );
}
