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
/** FlashAttention-3 gives smaller tiles to so few packed rows (use_one_mma_wg in hopper/flash.h). */
const ONE_GROUP_ROWS = 64;
/** Queries of a KV head that its tiles hold without a remainder. */
const EVEN_GROUP = 16;
const ACTIVATION_BYTES = 2;
/** A token's keys and values are written by one thread block of at most so many heads of 128. */
const WRITERS = 4;

/**
 * Seconds of one call. Thread blocks take tiles of queries and go through their keys, those included that only some of a
 * tile's queries see. The longest tile bounds the time from below, as do bytes. FlashAttention-3 packs the queries of a KV
 * head into one tile; rows of a tile that are no whole tokens are brought together one by one.
 */
export function prefillAttentionSeconds(work: PrefillWork, device: DeviceFacts, kernel: PrefillKernel): number {
  const packed = kernel.kernel === "flash-attention-3";
  const group = packed ? work.queryHeads / work.kvHeads : 1;
  const heads = packed ? work.kvHeads : work.queryHeads;
  const tileTokens = (packed && kernel.headDim <= NARROW_HEAD ? NARROW_ROWS : ROWS) / group;
  const scale = work.headDim / kernel.headDim;
  const even = kernel.kernel === "flash-attention-2" || EVEN_GROUP % group === 0;
  const start = even ? kernel.tileSeconds : kernel.tileSeconds * (1 + kernel.unevenShare);
  const blockSeconds = (scale * kernel.blockSeconds) / KEY_BLOCK; // a key
  let busy = 0; // thread blocks' seconds
  let longest = 0;
  let bytes = 0;
  let written = 0;
  let wide = false;
  const { sequences } = work;
  for (const { tokens, context } of work.chunks) {
    const tiles = sequences * heads * Math.ceil(tokens / tileTokens);
    const filled = Math.min(1, tokens / tileTokens);
    const keys = queryKeyPairs(tokens, context, work.window) / tokens;
    const most = Math.min(tokens + context, work.window);
    const edges = work.window < tokens + context ? 2 : 1; // of what a tile's queries see
    const masked = (edges * Math.min(tileTokens, tokens)) / 2;
    busy += tiles * (start + blockSeconds * filled * (keys + masked));
    longest = Math.max(longest, start + blockSeconds * filled * (most + masked));
    wide ||= tokens * group > ONE_GROUP_ROWS;
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
  let seconds = kernel.launchSeconds + writing + Math.max(computing, streaming);
  if (kernel.kernel === "flash-attention-3") {
    const queryBytes = 2 * ACTIVATION_BYTES * written * work.queryHeads * work.headDim;
    seconds += (kernel.queryTraffic * queryBytes) / device.bandwidthBytesPerSecond;
    if (wide) seconds += kernel.wideSeconds;
  }
  return seconds;
}

/** Pairs that causal attention computes: query i of a chunk sees context + i keys, at most `window`. */
export function queryKeyPairs(tokens: number, context: number, window: number): number {
  const unbounded = Math.min(tokens, Math.max(0, window - context)); // queries that see everything before them
  return (
    unbounded * context + (unbounded * (unbounded + 1)) / 2 + (tokens - unbounded) * Math.min(window, context + tokens)
  );
}
