import { expect, test } from "vitest";
import { resolveProfile } from "../cli/resolve.js";
import type { ModelShape } from "../model/model-shape.js";
import { MODELS } from "../model/shapes.js";
import { kernelTables, type KernelTablesOptions } from "./kernel-tables.js";

const given: KernelTablesOptions = {
  model: MODELS["llama-3.1-8b"] as ModelShape,
  profile: resolveProfile("h100-sxm"),
  weightFormat: "bf16",
  kvFormat: "bf16",
  tp: 1,
};

test("scenarios share tables only if all that decides them is the same", () => {
  const tables = kernelTables(given);
  expect(kernelTables({ ...given })).toBe(tables);
  const others: readonly Partial<KernelTablesOptions>[] = [
    { model: MODELS["qwen3-8b"] as ModelShape },
    { profile: { ...given.profile, bandwidthBytesPerSecond: 1e12 } },
    { weightFormat: "fp8" },
    { kvFormat: "fp8" },
    { tp: 2 },
  ];
  for (const other of others) {
    const theirs = kernelTables({ ...given, ...other });
    expect(theirs).not.toBe(tables);
    const { linear, attention } = theirs;
    expect(theirs.layerSeconds(64)).toBeCloseTo(linear.layers(64).seconds, 9);
    expect(theirs.decodeTable({ layers: 3, kind: "dense", window: Infinity })(5)).toEqual(
      attention.decodeTable(3, 5, Infinity),
    );
  }
});

test("layer groups that attend otherwise have tables of their own", () => {
  const tables = kernelTables(given);
  for (const [layers, window] of [
    [4, Infinity],
    [8, Infinity],
    [4, 1024],
  ] as const) {
    const pieces = tables.decodeTable({ layers, kind: "window", window })(7);
    expect(pieces).toEqual(tables.attention.decodeTable(layers, 7, window));
  }
});
