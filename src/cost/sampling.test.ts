import { expect, test } from "vitest";
import { resolveProfile } from "../cli/resolve.js";
import { samplingSeconds, type SamplerParameters } from "./sampling.js";

const H100 = resolveProfile("h100-sxm");
const SORTING: SamplerParameters = {
  stepSeconds: 1e-3,
  bytesPerLogit: 0,
  filterSecondsPerLogit: 1e-9,
  sorts: true,
  penaltySeconds: 2e-3,
  penaltyBytesPerLogit: 60,
};
const seconds = (sampler: SamplerParameters, sequences: number, filters = true, device = H100): number =>
  samplingSeconds(sampler, device, 1000, { filters, penalises: false })(sequences);

test("a step costs its kernels, each sequence its filter, and nobody's tokens nothing", () => {
  expect(seconds(SORTING, 0)).toBe(0);
  expect(seconds(SORTING, 1)).toBeCloseTo(1e-3 + 1e-6, 12);
  expect(seconds(SORTING, 128)).toBeCloseTo(1e-3 + 128e-6, 12);
  expect(seconds(SORTING, 128, false)).toBe(1e-3);
});

test("rows beyond 128 take as much less as published sorts of 128 and 512 rows of 131,072 say", () => {
  const sort = (rows: number): number => seconds(SORTING, rows) - SORTING.stepSeconds;
  expect(sort(512) / sort(128)).toBeCloseTo(5.49 / 2.06, 9);
  const fused = { ...SORTING, sorts: false };
  expect(seconds(fused, 512) - fused.stepSeconds).toBeCloseTo(512e-6, 12);
});

test("passes over the logits and the filter take as much longer as the memory is slower", () => {
  const half = { ...H100, bandwidthBytesPerSecond: H100.bandwidthBytesPerSecond / 2 };
  const streaming = { ...SORTING, bytesPerLogit: 40 };
  const beyond = (device: typeof H100): number => seconds(streaming, 64, true, device) - streaming.stepSeconds;
  expect(beyond(half) / beyond(H100)).toBeCloseTo(2, 9);
});

test("penalties add their launches to a step, and their passes to those over the logits", () => {
  const streaming = { ...SORTING, bytesPerLogit: 40 };
  const penalised = samplingSeconds(streaming, H100, 1000, { filters: true, penalises: true });
  const as100Bytes = seconds({ ...streaming, bytesPerLogit: 100 }, 64);
  expect(penalised(64)).toBeCloseTo(as100Bytes + 2e-3, 12);
  expect(penalised(0)).toBe(0);
});
