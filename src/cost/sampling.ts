import type { HardwareProfile } from "../hardware/profile.js";

/** What an engine's sampler costs the GPU. */
export interface SamplerParameters {
  readonly stepSeconds: number; // kernels between the model and the next step that no batch shrinks: logits, sampler, inputs
  readonly bytesPerLogit: number; // moved by its passes over the logits of one sequence, in 32 bits
  readonly filterSecondsPerLogit: number; // to cut one logit of one sequence to top-k and top-p, on an H100 SXM
}

/** Bandwidth of the device whose filter time the parameters state, bytes per second. */
const FILTER_DEVICE_BANDWIDTH = 3.35e12;

/** Seconds to sample one token for each of n sequences; the filter's passes stream logits, so they scale with bandwidth. */
export function samplingSeconds(
  sampler: SamplerParameters,
  profile: HardwareProfile,
  vocabulary: number,
  filters: boolean,
): (sequences: number) => number {
  const { bandwidthBytesPerSecond: bandwidth, elementwise } = profile;
  const pass = sampler.bytesPerLogit / (elementwise.bandwidthEfficiency * bandwidth);
  const filter = filters ? sampler.filterSecondsPerLogit * (FILTER_DEVICE_BANDWIDTH / bandwidth) : 0;
  return (sequences) => (sequences === 0 ? 0 : sampler.stepSeconds + sequences * vocabulary * (pass + filter));
}
