import type { AllReduceParameters, CustomAllReduce, RingAllReduce } from "../hardware/profile.js";
import { overlapped } from "./device-facts.js";

/** The engine's own kernel takes messages below this (vLLM, custom_all_reduce.py); larger ones go to NCCL. */
export const CUSTOM_LIMIT_BYTES = 8 * 2 ** 20;

/** Seconds to sum `bytes` on each of `gpus` GPUs, with the kernel that the engine takes. */
export function allReduceSeconds(bytes: number, gpus: number, parameters: AllReduceParameters): number {
  const ring = ringSeconds(bytes, gpus, parameters.ring);
  const { custom } = parameters;
  if (custom === null || bytes >= CUSTOM_LIMIT_BYTES) return ring;
  return Math.min(ring, customSeconds(bytes, gpus, custom));
}

/**
 * NCCL: latency grows with the number of GPUs; each sends and receives 2 (n - 1) / n of the message. The protocol for small
 * messages sends a flag with every 4 bytes, so that nobody waits for more than them; the one for large ones does not.
 */
export function ringSeconds(bytes: number, gpus: number, ring: RingAllReduce): number {
  const rate = gpus <= 2 ? ring.bytesPerSecondOf2 : gpus <= 4 ? ring.bytesPerSecondOf4 : ring.bytesPerSecondOf8;
  const sending = (2 * (gpus - 1) * bytes) / gpus / rate;
  const more = gpus * ring.gpuSeconds;
  return Math.min(
    ring.latencySeconds + more + FLAGGED * sending,
    overlapped(ring.bulkLatencySeconds + more, sending, ring.p),
  );
}

/** What a message grows by with its flags. */
const FLAGGED = 2;

/** vLLM's kernel over peer memory: in one shot each GPU reads all messages; in two shots each sums a part and sends it. */
export function customSeconds(bytes: number, gpus: number, custom: CustomAllReduce): number {
  const one = ((gpus - 1) * bytes) / custom.oneShotBytesPerSecond;
  const two = custom.twoShotSeconds + (2 * (gpus - 1) * bytes) / gpus / custom.twoShotBytesPerSecond;
  return custom.latencySeconds + gpus * custom.gpuSeconds + Math.min(one, two);
}
