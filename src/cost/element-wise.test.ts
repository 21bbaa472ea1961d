import { expect, test } from "vitest";
import { resolveProfile } from "../cli/resolve.js";
import { MODELS } from "../model/shapes.js";
import { elementWiseBytes, elementWiseLaunches } from "./element-wise.js";

test("norms on queries and keys are two more kernels beside five, and move nothing more", () => {
  const { layerSeconds } = resolveProfile("h100-sxm").elementwise;
  const normed = MODELS["qwen3-8b"]!;
  const plain = { ...normed, qkNorm: false };
  const more = normed.layers * layerSeconds * (elementWiseLaunches(normed) - elementWiseLaunches(plain));
  expect(more).toBeCloseTo(36 * 2 * 1.5e-6, 9); // two launches of 1.5 µs in 36 layers
  expect(elementWiseLaunches(plain)).toBe(1);
  expect(elementWiseBytes(normed, 1, 4096)).toBe(elementWiseBytes(plain, 1, 4096));
});
