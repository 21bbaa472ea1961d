import { beforeAll, expect, test } from "vitest";
import type { DecodePoint, Outcome } from "../serve/outcome.js";
import { regenerate } from "./reports.js";

/** What RaaS (arXiv 2502.11147) says of decode time and memory against decode length, on its model and GPU. */

let outcomes: readonly Outcome[];
beforeAll(async () => {
  ({ outcomes } = await regenerate("decode-length"));
});

const curve = (label: string): readonly DecodePoint[] =>
  (outcomes.find((each) => each.label === label) as Outcome).decodeCurve;
const FLAT = ["Quest 1024", "RaaS 512", "RaaS 1024"];

/** The largest distance of a curve from the line through its first and last point, as a share of its last value. */
function bend(points: readonly DecodePoint[], value: (point: DecodePoint) => number): number {
  const [first, last] = [points[0] as DecodePoint, points.at(-1) as DecodePoint];
  const slope = (value(last) - value(first)) / (last.generated - first.generated);
  const away = points.map((point) => value(point) - value(first) - slope * (point.generated - first.generated));
  return Math.max(...away.map(Math.abs)) / value(last);
}

test("the model, the GPU and the batch are the paper's", () => {
  for (const { scenario } of outcomes) {
    expect(scenario).toMatchObject({ model: "mistral-7b", hardware: "a100-sxm-80gb", "num-requests": 1 });
  }
  expect((curve("Dense").at(-1) as DecodePoint).generated).toBeGreaterThan(32_000);
});

test("dense decode time has a quadratic term: doubling the length more than doubles it, the more the longer", () => {
  const seconds = (generated: number): number =>
    (curve("Dense").find((point) => point.generated >= generated) as DecodePoint).decode_s;
  const doublings = [4_064, 8_128, 16_256].map((half) => seconds(2 * half) / seconds(half));
  expect(doublings).toEqual([...doublings].sort((a, b) => a - b));
  expect(doublings[0]).toBeGreaterThan(2.02);
  expect(doublings[2]).toBeGreaterThan(2.2);
  // Once kernels take longer than their launches, each step costs the same more than the one before.
  const late = curve("Dense").filter(({ generated }) => generated > 8_000);
  expect(bend(late, ({ step_ms }) => step_ms)).toBeLessThan(0.001);
  expect((late.at(-1) as DecodePoint).step_ms).toBeGreaterThan(1.4 * (late[0] as DecodePoint).step_ms);
});

test("Quest and RaaS decode in linear time, within 10 % of each other, dense is slower", () => {
  for (const label of FLAT)
    expect(
      bend(curve(label), ({ decode_s }) => decode_s),
      label,
    ).toBeLessThan(0.01);
  expect(bend(curve("Dense"), ({ decode_s }) => decode_s)).toBeGreaterThan(0.05);
  curve("RaaS 1024").forEach(({ generated, decode_s }, i) => {
    const others = ["Quest 1024", "Dense"].map((label) => curve(label)[i] as DecodePoint);
    const [quest, dense] = others as [DecodePoint, DecodePoint];
    expect(quest.generated).toBe(generated);
    expect(Math.abs(quest.decode_s / decode_s - 1)).toBeLessThan(0.1);
    expect(dense.decode_s).toBeGreaterThanOrEqual(decode_s);
    if (generated > 16_000) expect(dense.decode_s).toBeGreaterThan(1.05 * quest.decode_s);
  });
});

test("memory grows linearly under Dense and, a little above it, Quest; under RaaS it is flat from the budget on", () => {
  for (const label of ["Dense", "Quest 1024"])
    expect(
      bend(curve(label), ({ kv_bytes }) => kv_bytes),
      label,
    ).toBeLessThan(0.001);
  curve("Quest 1024").forEach(({ kv_bytes }, i) => {
    const above = kv_bytes / (curve("Dense")[i] as DecodePoint).kv_bytes;
    expect(above).toBeGreaterThan(1.04);
    expect(above).toBeLessThanOrEqual(1 + 1 / 16);
  });
  for (const budget of [512, 1024]) {
    const { kv_bytes_per_token } = (outcomes[0] as Outcome).memory;
    const full = curve(`RaaS ${budget}`).filter(({ generated }) => generated >= budget);
    expect(full.length).toBeGreaterThan(100);
    for (const { kv_bytes } of full) {
      expect(kv_bytes).toBe(full[0]?.kv_bytes);
      expect(kv_bytes / kv_bytes_per_token).toBeGreaterThan(budget - 16);
      expect(kv_bytes / kv_bytes_per_token).toBeLessThanOrEqual((budget + 16) * (1 + 1 / 16)); // a page being filled, an index
    }
  }
});
