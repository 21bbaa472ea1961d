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
  readonly gpusPerNode: number; // largest tensor-parallel group that the interconnect below connects
  readonly allReduce: { readonly fixedSeconds: number; readonly bytesPerSecond: number }; // latency; bus bandwidth reached
  readonly gemm: GemmParameters;
  readonly decodeAttention: DecodeAttentionParameters;
  readonly prefillAttention: PrefillAttentionParameters;
  readonly elementwise: { readonly layerSeconds: number; readonly bandwidthEfficiency: number };
  /** Source key → URL or description, with its date. */
  readonly sources: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
}

/** Time = ((F / (computeEfficiency · peak))^p + (B / (bandwidthEfficiency · bandwidth))^p)^(1/p) + fixedSeconds. */
export interface GemmParameters {
  readonly computeEfficiency: number;
  readonly bandwidthEfficiency: number;
  readonly p: number;
  readonly fixedSeconds: number;
}

/**
 * One layer on one GPU: fixedSeconds + coefficient · (megabytes of KV read)^exponent seconds, and never faster than
 * bytes at maxBandwidthEfficiency · bandwidth.
 */
export interface DecodeAttentionParameters {
  readonly fixedSeconds: number;
  readonly coefficient: number; // seconds at 1 MB (10^6 bytes)
  readonly exponent: number;
  readonly maxBandwidthEfficiency: number;
}

/** One chunk in one layer: fixedSeconds + FLOPs / (computeEfficiency · peak) + context bytes / (bandwidthEfficiency · bandwidth). */
export interface PrefillAttentionParameters {
  readonly fixedSeconds: number;
  readonly computeEfficiency: number;
  readonly bandwidthEfficiency: number;
}
