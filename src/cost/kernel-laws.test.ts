import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { profileNames, resolveProfile } from "../cli/resolve.js";
import { allReduceSeconds } from "./all-reduce-time.js";
import { gemmSeconds } from "./gemm-time.js";
import { moeSeconds, tunedTiles } from "./moe-time.js";
import { prefillAttentionSeconds } from "./prefill-attention-time.js";
import { scaledGemmSeconds } from "./scaled-gemm-time.js";

/** Laws of single kernels on every device, over shapes of models and odd ones. fast-check prints the seed of a failure. */

const RUNS = { numRuns: 400, seed: 80 };
const device = fc.constantFrom(...profileNames().map(resolveProfile));
const tokens = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 20_000 }));
const width = fc.integer({ min: 1, max: 1024 }).map((sixteens) => 16 * sixteens);
/** What a last digit may differ by where the same bound is worked out in another order. */
const ROUNDING = 1 + 1e-9;

describe("matrix products", () => {
  test.each(["bf16", "fp8"] as const)(
    "%s: more rows never take less time, nor half the columns less than half",
    (format) => {
      let checked = 0;
      fc.assert(
        fc.property(device, tokens, tokens, width, width, (profile, m, more, n, k) => {
          const { bf16, fp8 } = profile.gemm;
          const peak = profile.peakFlops[format];
          if (peak === null || fp8 === null) return;
          const seconds = (rows: number, columns: number): number =>
            format === "fp8"
              ? scaledGemmSeconds({ m: rows, n: columns, k, peakFlops: peak }, profile, fp8)
              : gemmSeconds({ m: rows, n: columns, k, inputBytes: 2, weightBytes: 2, peakFlops: peak }, profile, bf16);
          const whole = seconds(m, 2 * n);
          expect(seconds(m + more, 2 * n) * ROUNDING).toBeGreaterThanOrEqual(whole);
          expect(2 * seconds(m, n) * ROUNDING).toBeGreaterThanOrEqual(whole);
          expect(whole).toBeGreaterThan((4 * m * n * k) / peak);
          checked++;
        }),
        RUNS,
      );
      expect(checked).toBeGreaterThan(100);
    },
  );
});

describe("routed experts", () => {
  const shape = fc.constantFrom([8, 2, 4096, 14336], [128, 8, 2048, 768], [256, 8, 7168, 2048], [16, 1, 5120, 8192]);
  test("more tokens never take less time, nor half an expert less than half", () => {
    fc.assert(
      fc.property(device, tokens, tokens, shape, fc.constantFrom(1, 2, 4, 8), (profile, few, more, of, tp) => {
        const [experts, expertsPerToken, hiddenSize, size] = of as readonly [number, number, number, number];
        for (const kernel of [profile.moe.bf16, profile.moe.fp8, profile.moe.int4]) {
          if (kernel === null) continue;
          const seconds = (count: number, expertSize: number): number =>
            moeSeconds(
              {
                tokens: count,
                experts,
                expertsPerToken,
                hiddenSize,
                expertSize,
                balanced: false,
                weightBytes: 1,
                peakFlops: 1e15,
              },
              profile,
              kernel,
            );
          const whole = seconds(few, size / tp);
          expect(seconds(few + more, size / tp) * ROUNDING).toBeGreaterThanOrEqual(whole);
          const tiles = [size / tp, size / tp / 2].map((expertSize) => tunedTiles({ experts, expertSize }, kernel));
          if (tiles[0] === tiles[1]) expect(2 * seconds(few, size / tp / 2) * ROUNDING).toBeGreaterThanOrEqual(whole);
        }
      }),
      RUNS,
    );
  });

  test("tiles that were searched for are faster than the default", () => {
    const profile = resolveProfile("a100-sxm-80gb");
    const kernel = profile.moe.bf16;
    expect(kernel.tuned?.shapes.length).toBeGreaterThan(3);
    const work = {
      experts: 8,
      expertsPerToken: 2,
      hiddenSize: 4096,
      balanced: false,
      weightBytes: 2,
      peakFlops: 312e12,
    };
    for (const count of [16, 64, 512, 8192]) {
      const of = { ...work, tokens: count, expertSize: 7168 };
      const searched = moeSeconds(of, profile, kernel);
      expect(searched).toBeLessThan(0.85 * moeSeconds(of, profile, { ...kernel, tuned: null }));
    }
    const rare = { ...work, tokens: 512, expertSize: 7184 };
    expect(moeSeconds(rare, profile, kernel)).toBe(moeSeconds(rare, profile, { ...kernel, tuned: null }));
  });
});

test("prefill attention: more new or cached tokens and wider windows never take less time", () => {
  const heads = fc.constantFrom([32, 8], [40, 8], [28, 4], [64, 64], [12, 2], [8, 1], [32, 1]);
  const window = fc.constantFrom(Infinity, 128, 1024, 4096);
  const context = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 30_000 }));
  fc.assert(
    fc.property(
      device,
      heads,
      tokens,
      tokens,
      context,
      context,
      window,
      (profile, of, few, more, cached, longer, seen) => {
        const [queryHeads, kvHeads] = of as readonly [number, number];
        for (const kernel of profile.prefillAttention) {
          const { headDim } = kernel;
          const seconds = (count: number, before: number, most: number): number =>
            prefillAttentionSeconds(
              {
                sequences: 1,
                chunks: [{ tokens: count, context: before }],
                queryHeads,
                kvHeads,
                headDim,
                window: most,
                kvBytes: 4 * kvHeads * headDim,
              },
              profile,
              kernel,
            );
          const now = seconds(few, cached, seen);
          expect(seconds(few + more, cached, seen) * ROUNDING).toBeGreaterThanOrEqual(now);
          expect(seconds(few, cached + longer, seen) * ROUNDING).toBeGreaterThanOrEqual(now);
        }
      },
    ),
    RUNS,
  );
});

test("all-reduce: longer messages never take less time, nor do they beat the link", () => {
  const bytes = fc.integer({ min: 1, max: 2 ** 29 });
  fc.assert(
    fc.property(device, fc.constantFrom(2, 4, 8), bytes, bytes, (profile, gpus, few, more) => {
      const seconds = (count: number): number => allReduceSeconds(count, gpus, profile.allReduce);
      expect(seconds(few + more) * ROUNDING).toBeGreaterThanOrEqual(seconds(few));
      // A switch that sums sends each message once; a ring nearly twice.
      expect(seconds(few)).toBeGreaterThan(few / profile.interconnectBytesPerSecond);
    }),
    RUNS,
  );
});
