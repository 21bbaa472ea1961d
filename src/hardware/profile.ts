/**
 * What we know of one device. SI units: bytes, seconds, FLOP/s, watts; money in US dollars.
 * In the JSON each number is { value, source } and `source` is a key of `sources`; here only the values remain.
 */
export interface HardwareProfile {
  readonly name: string;
  readonly title: string;
  /** datasheet: generic efficiencies; fitted: to published kernel tables; measured: by a calibration on the device. */
  readonly kind: "datasheet" | "fitted" | "measured";
  readonly memoryBytes: number; // usable, as the driver reports it
  readonly bandwidthBytesPerSecond: number; // peak of the datasheet
  readonly peakFlops: { readonly bf16: number; readonly fp8: number | null }; // dense, without sparsity
  readonly idlePowerW: number;
  readonly peakPowerW: number;
  readonly pricePerHour: number;
  readonly gpusPerNode: number; // largest tensor-parallel group that the interconnect connects
  readonly interconnectBytesPerSecond: number; // one direction, of one GPU
  readonly multiprocessors: number;
  readonly allReduce: AllReduceParameters;
  readonly gemm: { readonly bf16: GemmParameters; readonly fp8: ScaledGemmParameters | null };
  /** One kernel for each head size and cache format that was measured. */
  readonly decodeAttention: readonly DecodeKernel[];
  readonly prefillAttention: readonly PrefillKernel[];
  readonly moe: { readonly bf16: MoeKernel; readonly fp8: MoeKernel | null; readonly int4: MoeKernel | null };
  readonly elementwise: { readonly layerSeconds: number; readonly bandwidthEfficiency: number };
  /** How well the forms meet what was measured, by operator; empty where nothing was. */
  readonly fits: readonly OperatorFit[];
  /** Source key → URL or description, with its date. */
  readonly sources: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
}

/** src/cost/gemm-time.ts. */
export interface GemmParameters {
  readonly launchSeconds: number;
  readonly bandwidthEfficiency: number; // share of the peak that streams
  readonly p: number; // how sharply memory and compute overlap
  readonly operandBandwidth: number; // of operands from the L2 cache to all multiprocessors, in peak memory bandwidths
  readonly stepSeconds: number; // of one step along k at least
  readonly tileSeconds: number; // start and end of a tile of 128 × 128
  readonly splitSeconds: number; // a second pass where k is split
  readonly partialTraffic: number; // passes over memory of each split's sums
  readonly sustainedEfficiency: number; // share of the peak FLOPs that clocks allow within the power limit
  readonly persistent: boolean; // thread blocks share the last wave
  readonly exactRows?: boolean; // a tile computes only the rows that there are, as on a CPU; tensor cores compute whole tiles
}

/** src/cost/scaled-gemm-time.ts. */
export interface ScaledGemmParameters {
  readonly launchSeconds: number;
  readonly quantisationTraffic: number; // of activations, in times that each is read in 16 bits and written in 8
  readonly bandwidthEfficiency: number;
  readonly p: number; // how sharply memory and compute overlap
  readonly stepSeconds: number; // of one step along k at least
  readonly waveSeconds: number; // start of a tile
  readonly tileSeconds: number; // end of the last tile, of 128 × 128
  readonly sustainedEfficiency: number; // share of the peak FLOPs that clocks allow within the power limit
}

interface AttentionCase {
  readonly headDim: number;
  readonly kvFormat: "bf16" | "fp8";
}

/** src/cost/decode-attention-time.ts. */
export type DecodeKernel = FlashAttention2Decode | FlashAttention3Decode;

export interface FlashAttention3Decode extends AttentionCase {
  readonly kernel: "flash-attention-3";
  readonly launchSeconds: number;
  readonly sequenceSeconds: number; // metadata of a sequence
  readonly tileSeconds: number; // start and end of a thread block, one a sequence and KV head
  readonly exposedShare: number; // of these, that other blocks' reads do not hide
  readonly blockSeconds: number; // 128 keys of one head on a multiprocessor
  readonly splitSeconds: number; // combining split sequences, at most
  readonly splitBlocks: number; // blocks a multiprocessor at which half of that is reached
  readonly windowSeconds: number; // masking where a window ends
  readonly bandwidthEfficiency: number;
  readonly cacheBandwidth: number; // of keys that still lie in the L2 cache, in peak memory bandwidths
  readonly p: number;
}

export interface FlashAttention2Decode extends AttentionCase {
  readonly kernel: "flash-attention-2";
  readonly launchSeconds: number;
  readonly groupSeconds: number; // where queries share KV heads
  readonly gatherSeconds: number; // a kernel that brings queries of a group together
  readonly headSeconds: number; // and its traffic, a sequence and query head
  readonly blockSeconds: number; // 128 keys of one head on a multiprocessor
  readonly startBlocks: number; // keys, in blocks, that pass while a thread block starts and ends
  readonly splitSeconds: number; // a kernel that combines split sequences
  readonly partSeconds: number; // and each part of a sequence
  readonly bandwidthEfficiency: number;
  readonly p: number;
}

/** src/cost/prefill-attention-time.ts. */
export type PrefillKernel = FlashAttention2Prefill | FlashAttention3Prefill;

export interface FlashAttention2Prefill extends PrefillTiles {
  readonly kernel: "flash-attention-2";
}

export interface FlashAttention3Prefill extends PrefillTiles {
  readonly kernel: "flash-attention-3";
  readonly wideSeconds: number; // more of a launch for tiles of more than 64 rows
  readonly unevenShare: number; // of a tile's start and end, more where the queries of a KV head do not divide 16
  readonly queryTraffic: number; // passes over memory of queries and outputs that nothing hides
}

interface PrefillTiles extends AttentionCase {
  readonly launchSeconds: number;
  readonly tileSeconds: number; // start and end of a tile of queries
  readonly blockSeconds: number; // tile × 128 keys
  readonly longestShare: number; // of a tile's time when it is the last to run
  readonly balance: number; // how sharply the longest tile and the even share bound the time
  readonly bandwidthEfficiency: number;
  readonly writeSeconds: number; // a token and KV head written to the cache, of the first heads
  readonly writeMoreSeconds: number; // of further heads
}

/** src/cost/moe-time.ts. */
export interface MoeKernel {
  readonly launchSeconds: number;
  readonly tokenSeconds: number; // routing, sorting and summing of a token
  readonly computeEfficiency: number;
  readonly bandwidthEfficiency: number;
  readonly crowdedBandwidthEfficiency: number; // with more tokens than experts
  readonly p: number;
  readonly paddingRows: number; // that an expert's last tile computes for nothing
  readonly activationTraffic: number; // passes over memory
  readonly spread: number; // of the choices of tokens
  readonly tuned: TunedMoe | null;
}

/** Shapes whose tiles somebody has searched for on this device, instead of taking the default. */
export interface TunedMoe {
  readonly shapes: readonly string[]; // as vLLM names its files, "E=8,N=7168": experts and their size on a GPU
  readonly computeEfficiency: number;
  readonly crowdedBandwidthEfficiency: number;
}

/** src/cost/all-reduce-time.ts. */
export interface AllReduceParameters {
  readonly ring: RingAllReduce;
  readonly custom: CustomAllReduce | null; // null: GPUs cannot read each other's memory
}

export interface RingAllReduce {
  readonly latencySeconds: number;
  readonly bulkLatencySeconds: number; // of the protocol for large messages
  readonly gpuSeconds: number; // more latency a GPU
  readonly bytesPerSecondOf2: number; // bus bandwidth reached by 2 GPUs
  readonly bytesPerSecondOf4: number;
  readonly bytesPerSecondOf8: number;
  readonly p: number; // how sharply latency and large messages overlap
}

export interface CustomAllReduce {
  readonly latencySeconds: number;
  readonly gpuSeconds: number;
  readonly oneShotBytesPerSecond: number;
  readonly twoShotSeconds: number;
  readonly twoShotBytesPerSecond: number;
}

/** Error of a form on shapes that were held out of its fit, percent, and the shapes that were measured. */
export interface OperatorFit {
  readonly operator: string;
  readonly samples: number;
  readonly heldOut: number;
  readonly mapePercent: number;
  readonly biasPercent: number;
  readonly p90Percent: number;
  readonly classes: readonly SizeClassFit[];
  readonly ranges: Readonly<Record<string, readonly [number, number]>>;
}

export interface SizeClassFit {
  readonly name: string;
  readonly heldOut: number;
  readonly mapePercent: number;
  readonly biasPercent: number;
  readonly p90Percent: number;
}
