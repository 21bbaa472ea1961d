import type { DecodeKernel, FlashAttention2Decode, FlashAttention3Decode } from "../hardware/profile.js";
import { overlapped, type DeviceFacts } from "./device-facts.js";

/** Decode attention of one layer on one GPU: each sequence has one new token and reads its cache. */
export interface DecodeWork {
  readonly sequences: number;
  readonly tokens: number; // read, of all sequences together
  readonly queryHeads: number; // on this GPU
  readonly kvHeads: number;
  readonly headDim: number;
  readonly kvBytes: number; // of one token, keys and values of all heads on this GPU
  readonly windowed: boolean; // sequences have outgrown a window
  readonly cachedBytes: number; // of an L2 cache that still holds the keys of the call before; 0 in an engine
}

/** Keys that a thread block takes at a time. */
export const KEY_BLOCK = 128;

/** Seconds of one call. A head size that was not measured scales the work of a block. */
export function decodeAttentionSeconds(work: DecodeWork, device: DeviceFacts, kernel: DecodeKernel): number {
  return kernel.kernel === "flash-attention-2"
    ? flashAttention2(work, device, kernel)
    : flashAttention3(work, device, kernel);
}

/** Tokens at which the form bends or jumps, for a table of it. */
export function decodeBends(work: DecodeWork, device: DeviceFacts): readonly number[] {
  const oneBlockEach = KEY_BLOCK * work.sequences;
  return [oneBlockEach, oneBlockEach + 1, Math.round((KEY_BLOCK * device.multiprocessors) / work.kvHeads)];
}

/**
 * FlashAttention-3 splits long sequences over all multiprocessors, so that beyond the first round only the sum of the
 * tokens counts; it does not split those of a window. A short sequence costs its thread block's start and end, one for
 * each KV head, of which a share is not hidden behind the reads of other blocks.
 */
function flashAttention3(work: DecodeWork, device: DeviceFacts, kernel: FlashAttention3Decode): number {
  const { multiprocessors, bandwidthBytesPerSecond } = device;
  const scale = work.headDim / kernel.headDim;
  const bytes = work.tokens * work.kvBytes;
  const cached = bytes <= work.cachedBytes;
  const bandwidth = (cached ? kernel.cacheBandwidth : kernel.bandwidthEfficiency) * bandwidthBytesPerSecond;
  const heads = work.sequences * work.kvHeads;
  const blocks = (work.tokens * work.kvHeads) / KEY_BLOCK + (work.windowed ? heads : 0); // a window begins inside a block
  const ends = scale * kernel.tileSeconds * Math.max(0, heads / multiprocessors - 1);
  const queued = ends + scale * kernel.blockSeconds * Math.max(0, blocks / multiprocessors - 1);
  const splits = work.windowed ? 0 : Math.max(0, blocks - heads) / multiprocessors;
  return (
    kernel.launchSeconds +
    kernel.sequenceSeconds * work.sequences +
    kernel.exposedShare * ends +
    (kernel.splitSeconds * splits) / (splits + kernel.splitBlocks) +
    (work.windowed ? kernel.windowSeconds : 0) +
    overlapped(bytes / bandwidth, queued, kernel.p)
  );
}

/**
 * FlashAttention-2 splits a sequence only if queries share KV heads and these alone do not fill the device; it first
 * brings the queries of a group together. Keys pass through a multiprocessor at a rate of their own.
 */
function flashAttention2(work: DecodeWork, device: DeviceFacts, kernel: FlashAttention2Decode): number {
  const { multiprocessors, bandwidthBytesPerSecond } = device;
  const scale = work.headDim / kernel.headDim;
  const grouped = work.queryHeads > work.kvHeads;
  const heads = work.sequences * work.kvHeads;
  const mean = work.tokens / work.sequences / KEY_BLOCK; // blocks of a sequence
  const split = grouped && mean > 1 && heads < FILLED * multiprocessors;
  const blocks = split
    ? Math.max(1, heads / multiprocessors, (heads * mean) / multiprocessors)
    : rounds(heads, multiprocessors) * Math.max(1, mean);
  const starts = kernel.startBlocks * Math.max(1, heads / multiprocessors);
  const parts = Math.min(mean, (2 * multiprocessors) / heads);
  const gather = grouped && work.sequences > 1 && work.kvHeads > 1 ? kernel.gatherSeconds : 0;
  const shared = grouped && work.kvHeads > 1 ? kernel.headSeconds * work.sequences * work.queryHeads : 0;
  return (
    kernel.launchSeconds +
    (grouped ? kernel.groupSeconds : 0) +
    gather +
    shared +
    (split ? kernel.splitSeconds + kernel.partSeconds * parts : 0) +
    overlapped(
      (work.tokens * work.kvBytes) / (kernel.bandwidthEfficiency * bandwidthBytesPerSecond),
      scale * kernel.blockSeconds * (blocks + starts),
      kernel.p,
    )
  );
}

/** Thread blocks run two on a multiprocessor and share what it does, so that a wave of them takes two rounds, full or not. */
function rounds(blocks: number, multiprocessors: number): number {
  return blocks <= multiprocessors ? 1 : 2 * Math.ceil(blocks / (2 * multiprocessors));
}

/** Thread blocks a multiprocessor, at two that fit, from which FlashAttention-2 no longer splits (num_splits_heuristic). */
const FILLED = 0.8 * 2;
