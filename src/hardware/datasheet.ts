import type {
  DecodeAttentionParameters,
  GemmParameters,
  HardwareProfile,
  PrefillAttentionParameters,
} from "./profile.js";

/** What a datasheet profile may leave out. */
export type Efficiencies = Pick<
  HardwareProfile,
  "gemm" | "decodeAttention" | "prefillAttention" | "elementwise" | "allReduce"
>;

export const GENERIC_NOTE = "generic efficiencies, not measured on this device";

/** Key of `sources` for what this file fills in. */
export const GENERIC_KEY = "generic-efficiencies";
export const GENERIC_SOURCE =
  "Between fits to published A100 and H100 kernel tables: ai-dynamo/aiconfigurator 095f58a5 (Apache-2.0) and " +
  "microsoft/vidur 7d47513 (MIT). The GEMM's fixed time, prefill attention and element-wise terms are a first " +
  "guess that was checked against published vLLM 0.11-0.23 runs on H100.";

/** Shares of the peaks as in the fits of both devices; A100 .739 and .817, H100 .743 and .93. */
const GEMM: GemmParameters = { computeEfficiency: 0.72, bandwidthEfficiency: 0.85, p: 1.5, fixedSeconds: 3e-6 };

const PREFILL_ATTENTION: PrefillAttentionParameters = {
  fixedSeconds: 8e-6,
  computeEfficiency: 0.45,
  bandwidthEfficiency: 0.8,
};

/** Of the interconnect's bandwidth in one direction, that an all-reduce's bus bandwidth reaches. */
const ALL_REDUCE_EFFICIENCY = 0.65;
const ALL_REDUCE_FIXED_SECONDS = 12e-6;

/** Efficiencies for a device of which only the datasheet is known: bandwidth and interconnect (one direction), byte/s. */
export function genericEfficiencies(bandwidthBytesPerSecond: number, interconnectBytesPerSecond: number): Efficiencies {
  return {
    gemm: GEMM,
    decodeAttention: decodeAttention(bandwidthBytesPerSecond),
    prefillAttention: PREFILL_ATTENTION,
    elementwise: { layerSeconds: 10e-6, bandwidthEfficiency: 0.8 },
    allReduce: {
      fixedSeconds: ALL_REDUCE_FIXED_SECONDS,
      bytesPerSecond: ALL_REDUCE_EFFICIENCY * interconnectBytesPerSecond,
    },
  };
}

/** At 1 MB both fits take 2.2 times what the peak bandwidth would (A100 2.23, H100 2.14), so the time scales with it. */
function decodeAttention(bandwidthBytesPerSecond: number): DecodeAttentionParameters {
  return {
    fixedSeconds: 8e-6,
    coefficient: 2.18 * (1e6 / bandwidthBytesPerSecond),
    exponent: 0.904,
    maxBandwidthEfficiency: 0.93,
  };
}
