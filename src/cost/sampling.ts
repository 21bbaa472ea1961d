import type { HardwareProfile } from "../hardware/profile.js";

/** What an engine's sampler costs the GPU. */
export interface SamplerParameters {
  readonly stepSeconds: number; // kernels between the model and the next step that no batch shrinks: logits, sampler, inputs
  readonly bytesPerLogit: number; // moved by its passes over the logits of one sequence, in 32 bits
  readonly filterSecondsPerLogit: number; // to cut one logit of one sequence to top-k and top-p, on an H100 SXM
  readonly sorts: boolean; // by sorting them
  readonly penaltySeconds: number; // kernels that count the tokens of each sequence and penalise those, whatever the batch
  readonly penaltyBytesPerLogit: number; // moved by their passes over counts, masks and logits
}

/** What requests ask of the sampler beside a token. */
export interface SamplerWork {
  readonly filters: boolean; // top-k or top-p
  readonly penalises: boolean; // repetition, frequency or presence
}

/** Bandwidth of the device whose filter time the parameters state, bytes per second. */
const FILTER_DEVICE_BANDWIDTH = 3.35e12;

/** PyTorch sorts up to so many rows as one, more of them row by row, which takes less a row: 2.06 ms for 128 rows of 131,072, 5.49 ms for 512 (vllm-project/vllm pull request 40376). */
const ROWS_SORTED_AS_ONE = 128;
const SHARE_BEYOND = (5.49 - 2.06) / (512 - 128) / (2.06 / 128);

/** Seconds to sample one token for each of n sequences; the filter's passes stream logits, so they scale with bandwidth. */
export function samplingSeconds(
  sampler: SamplerParameters,
  profile: HardwareProfile,
  vocabulary: number,
  { filters, penalises }: SamplerWork,
): (sequences: number) => number {
  const { bandwidthBytesPerSecond: bandwidth, elementwise } = profile;
  const bytes = sampler.bytesPerLogit + (penalises ? sampler.penaltyBytesPerLogit : 0);
  const pass = bytes / (elementwise.bandwidthEfficiency * bandwidth);
  const filter = filters ? sampler.filterSecondsPerLogit * (FILTER_DEVICE_BANDWIDTH / bandwidth) : 0;
  const step = sampler.stepSeconds + (penalises ? sampler.penaltySeconds : 0);
  return (sequences) => {
    if (sequences === 0) return 0;
    const beyond = sampler.sorts ? Math.max(0, sequences - ROWS_SORTED_AS_ONE) : 0;
    const filtered = sequences - (1 - SHARE_BEYOND) * beyond;
    return step + vocabulary * (sequences * pass + filtered * filter);
  };
}
