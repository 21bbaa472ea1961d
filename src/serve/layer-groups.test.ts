import { expect, test } from "vitest";
import { MODELS } from "../model/shapes.js";
import { createPolicy, POLICIES } from "../policy/table.js";
import { layerGroups } from "./layer-groups.js";

test("a window that no context fills sees everything: contexts of 4,096 tokens under Llama 4's chunks of 8,192", () => {
  const scout = MODELS["llama-4-scout"]!;
  const dense = createPolicy("dense", POLICIES.dense, {});
  const kinds = (longest?: number): readonly (readonly [string, number])[] =>
    layerGroups(scout, dense, longest).map(({ kind, layers }) => [kind, layers]);
  expect(kinds()).toEqual([
    ["window", 36],
    ["policy", 12],
  ]);
  expect(kinds(8193)).toEqual(kinds());
  for (const longest of [8192, 4096]) {
    expect(kinds(longest).every(([kind]) => kind !== "window")).toBe(true);
    expect(kinds(longest).reduce((sum, [, layers]) => sum + layers, 0)).toBe(48);
  }
});
