import { expect, test } from "vitest";
import { resolveProfile } from "../cli/resolve.js";
import { ringSeconds } from "./all-reduce-time.js";
import { decodeAttentionSeconds, type DecodeWork } from "./decode-attention-time.js";
import { scaledGemmSeconds } from "./scaled-gemm-time.js";

/** Terms of single kernels by their definitions; laws and published tables would hardly miss them. */

const H100 = resolveProfile("h100-sxm");

test("NCCL sends small messages with a flag each 4 bytes: twice the message", () => {
  const ring = { ...H100.allReduce.ring, bulkLatencySeconds: 1 };
  const { latencySeconds, gpuSeconds, bytesPerSecondOf4 } = ring;
  for (const bytes of [4096, 65536]) {
    const message = (2 * 3 * bytes) / 4 / bytesPerSecondOf4;
    expect(ringSeconds(bytes, 4, ring)).toBeCloseTo(latencySeconds + 4 * gpuSeconds + 2 * message, 12);
  }
});

test("activations are quantised first: each read in 16 bits and written in 8", () => {
  const { fp8 } = H100.gemm;
  const peakFlops = H100.peakFlops.fp8;
  if (fp8 === null || peakFlops === null) throw new Error("no fp8");
  const work = { m: 512, n: 4096, k: 8192, peakFlops };
  const seconds = (quantisationTraffic: number): number =>
    scaledGemmSeconds(work, H100, { ...fp8, quantisationTraffic });
  expect(seconds(2) - seconds(0)).toBeCloseTo((2 * 3 * 512 * 8192) / H100.bandwidthBytesPerSecond, 12);
});

test("FlashAttention-3 splits long sequences, but not those of a window", () => {
  const kernel = H100.decodeAttention.find((each) => each.kernel === "flash-attention-3");
  if (kernel?.kernel !== "flash-attention-3") throw new Error("no FlashAttention-3");
  const work: DecodeWork = {
    sequences: 1,
    tokens: 65536,
    queryHeads: 32,
    kvHeads: 8,
    headDim: kernel.headDim,
    kvBytes: 4 * 8 * kernel.headDim,
    cachedBytes: 0,
    windowed: false,
  };
  const combining = (windowed: boolean): number => {
    const seconds = (splitSeconds: number): number =>
      decodeAttentionSeconds({ ...work, windowed }, H100, { ...kernel, splitSeconds });
    return seconds(1e-5) - seconds(0);
  };
  expect(combining(false)).toBeGreaterThan(0);
  expect(combining(true)).toBe(0);
});
