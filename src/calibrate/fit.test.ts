import { expect, test } from "vitest";
import { profileNames, resolveProfile } from "../cli/resolve.js";
import { stream } from "../core/rng.js";
import { allReduceForm } from "./all-reduce-form.js";
import { fitOperator } from "./fit-operator.js";
import { gemmForm } from "./gemm-form.js";
import type { OperatorForm, Values } from "./operator-form.js";
import type { KernelSample } from "./sample.js";

const device = resolveProfile("h100-sxm");
const SEED = 60;

/** Samples of a form with known parameters, off by a few percent at random. */
function noisy<S extends KernelSample>(form: OperatorForm<S>, shapes: readonly S[], values: Values): readonly S[] {
  const random = stream(SEED, form.name);
  const seconds = form.predictor(device, values);
  return shapes.map((shape) => ({ ...shape, seconds: seconds(shape) * (0.97 + 0.06 * random()) }));
}

test("a fit recovers the all-reduce that made noisy samples", () => {
  const form = allReduceForm("ring");
  const values = {
    latencySeconds: 4e-6,
    bulkLatencySeconds: 3e-6,
    gpuSeconds: 2e-6,
    bytesPerSecondOf2: 1.5e11,
    bytesPerSecondOf4: 2.2e11,
    bytesPerSecondOf8: 3.1e11,
    p: 0.65,
  };
  const shapes = [2, 4, 8].flatMap((gpus) =>
    Array.from({ length: 40 }, (_, i) => ({
      operator: "all-reduce" as const,
      kernel: "ring" as const,
      gpus,
      bytes: Math.round(1024 * 1.4 ** i),
      seconds: 1,
    })),
  );
  const { values: found, fit } = fitOperator(form, noisy(form, shapes, values), device, 0.5, SEED);
  for (const [key, value] of Object.entries(values)) expect((found[key] ?? NaN) / value, key).toBeCloseTo(1, 1);
  expect(fit.mapePercent).toBeLessThan(3); // the noise is 1.5 % on average
  expect(fit.ranges).toEqual({ gpus: [2, 8], bytes: [1024, Math.round(1024 * 1.4 ** 39)] });
  expect(fit.classes.reduce((sum, { heldOut }) => sum + heldOut, 0)).toBe(fit.heldOut);
});

test("a fit of matrix products predicts shapes that it did not see, whose parameters it does not know", () => {
  const form = gemmForm(device);
  const values = {
    launchSeconds: 4e-6,
    bandwidthEfficiency: 0.7,
    p: 3,
    operandBandwidth: 3.5,
    stepSeconds: 2e-9,
    tileSeconds: 1e-6,
    splitSeconds: 3e-6,
    partialTraffic: 0.5,
    sustainedEfficiency: 0.78,
  };
  const sizes = [64, 512, 2048, 4096, 8192, 14336];
  const shapes = [1, 8, 64, 200, 512, 2048].flatMap((m) =>
    sizes.flatMap((n) =>
      sizes.map((k) => ({ operator: "gemm" as const, format: "bf16" as const, m, n, k, seconds: 1 })),
    ),
  );
  const { values: found, fit } = fitOperator(form, noisy(form, shapes, values), device, 0.5, SEED);
  expect(fit.mapePercent).toBeLessThan(4);
  expect((found["bandwidthEfficiency"] ?? NaN) / 0.7).toBeCloseTo(1, 1);
  expect((found["launchSeconds"] ?? NaN) / 4e-6).toBeCloseTo(1, 0);
});

test("the same seed gives the same fit", () => {
  const form = allReduceForm("custom");
  const shapes = [2, 4, 8].flatMap((gpus) =>
    [1e3, 1e4, 1e5, 1e6, 4e6].map((bytes) => ({
      operator: "all-reduce" as const,
      kernel: "custom" as const,
      gpus,
      bytes,
      seconds: 1e-5 + bytes / 1e11,
    })),
  );
  const fit = () => fitOperator(form, shapes, device, 0.3, SEED);
  expect(fit()).toEqual(fit());
});

/** Held-out MAPE, percent, that the committed profiles must not exceed; in 8 bits where the device computes in them. */
const LIMITS: Readonly<Record<string, number>> = {
  "gemm bf16": 7.5,
  "gemm fp8": 7,
  "decode-attention bf16 head 128": 6.5,
  "decode-attention fp8 head 128": 7,
  "prefill-attention bf16 head 128": 5,
  "prefill-attention fp8 head 128": 7.2,
  "all-reduce ring": 5,
  "moe bf16": 8,
};

test("fitted profiles say how well they fit, by operator and size", () => {
  const fitted = profileNames()
    .map(resolveProfile)
    .filter(({ kind }) => kind === "fitted");
  expect(fitted.map(({ name }) => name)).toEqual(["a100-sxm-80gb", "h100-sxm"]);
  for (const { fits, peakFlops } of fitted) {
    expect(fits.length).toBeGreaterThan(5);
    for (const [name, limit] of Object.entries(LIMITS)) {
      if (peakFlops.fp8 === null && name.includes("fp8")) continue;
      expect(fits.find(({ operator }) => operator === name)?.mapePercent, name).toBeLessThan(limit);
    }
    for (const { operator, samples, heldOut, mapePercent, biasPercent, p90Percent, classes } of fits) {
      expect(heldOut, operator).toBeGreaterThan(0.35 * samples);
      expect(mapePercent, operator).toBeGreaterThanOrEqual(Math.abs(biasPercent));
      expect(p90Percent, operator).toBeGreaterThan(mapePercent);
      const mean = classes.reduce((sum, each) => sum + each.heldOut * each.mapePercent, 0) / heldOut;
      expect(mean, operator).toBeCloseTo(mapePercent, 1);
    }
  }
});
