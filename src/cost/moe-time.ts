import type { MoeKernel, TunedMoe } from "../hardware/profile.js";
import { overlapped, type DeviceFacts } from "./device-facts.js";

/** The routed experts of one layer on one GPU: two grouped products with a gated activation between them. */
export interface MoeWork {
  readonly tokens: number;
  readonly experts: number;
  readonly expertsPerToken: number;
  readonly hiddenSize: number;
  readonly expertSize: number; // intermediate size on this GPU
  readonly balanced: boolean; // each expert gets the same share; else as a router's choices fall
  readonly weightBytes: number; // an element, scales included
  readonly peakFlops: number;
}

const ACTIVATION_BYTES = 2;

/**
 * Seconds of the grouped products: weights of the experts that are hit overlap with the products of their tokens, of
 * which each expert pads the last tile; activations pass through memory. Above one token an expert other tiles are taken
 * (vLLM, fused_moe.py, get_default_config), which stream weights at a lower rate. For some shapes a device has tiles of
 * its own (vLLM, fused_moe/configs).
 */
export function moeSeconds(work: MoeWork, device: DeviceFacts, kernel: MoeKernel): number {
  const { tokens, experts, hiddenSize, expertSize } = work;
  if (tokens === 0) return 0;
  const pairs = tokens * work.expertsPerToken;
  const active = activeExperts(work, kernel.spread);
  const weights = 3 * hiddenSize * expertSize;
  const crowded = tokens > experts;
  const padding = crowded ? Math.min(pairs, kernel.paddingRows * active) : 0;
  const tiles = tunedTiles(work, kernel) ?? kernel;
  const computing = (2 * weights * (pairs + padding)) / (tiles.computeEfficiency * work.peakFlops);
  const least = Math.min(kernel.bandwidthEfficiency, tiles.crowdedBandwidthEfficiency); // more tokens gain no time
  const rate = crowded ? least : kernel.bandwidthEfficiency;
  const streaming = (active * weights * work.weightBytes) / (rate * device.bandwidthBytesPerSecond);
  const activations = ACTIVATION_BYTES * pairs * (2 * hiddenSize + 3 * expertSize);
  return (
    kernel.launchSeconds +
    kernel.tokenSeconds * tokens +
    overlapped(computing, streaming, kernel.p) +
    (kernel.activationTraffic * activations) / device.bandwidthBytesPerSecond
  );
}

/** The tiles that a device has for a shape, if any. */
export function tunedTiles(
  { experts, expertSize }: Pick<MoeWork, "experts" | "expertSize">,
  { tuned }: Pick<MoeKernel, "tuned">,
): TunedMoe | null {
  return tuned !== null && tuned.shapes.includes(`E=${experts},N=${expertSize}`) ? tuned : null;
}

/**
 * Experts that get at least one token. `spread` is how far each token after the first chooses apart from those before: at
 * 1 as if at random.
 */
export function activeExperts(
  { tokens, experts, expertsPerToken, balanced }: Pick<MoeWork, "tokens" | "experts" | "expertsPerToken" | "balanced">,
  spread: number,
): number {
  if (balanced) return Math.min(experts, tokens * expertsPerToken);
  return experts * (1 - (1 - expertsPerToken / experts) ** (1 + spread * (tokens - 1)));
}
