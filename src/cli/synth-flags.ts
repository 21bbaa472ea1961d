import { SYNTHETIC_SHAPE, type SyntheticShape } from "../trace/synthetic-shape.js";
import type { Flags } from "./flags.js";
import { countFlag } from "./value-flags.js";

interface SynthFlag {
  readonly field: keyof SyntheticShape;
  readonly most: number;
  readonly help: string;
}

/** The sizes that `trace synth` takes. */
export const SYNTH_FLAGS: Readonly<Record<string, SynthFlag>> = {
  prompt: { field: "promptTokens", most: 1_000_000, help: "prompt tokens" },
  steps: { field: "steps", most: 1_000_000, help: "decode steps" },
  layers: { field: "layers", most: 1000, help: "layers" },
  "query-heads": { field: "queryHeads", most: 1024, help: "query heads of a layer" },
  "kv-heads": { field: "kvHeads", most: 1024, help: "KV heads of a layer" },
  "head-dim": { field: "headDim", most: 1024, help: "channels of a head" },
};

export function syntheticShape(flags: Flags): SyntheticShape {
  const given = Object.entries(SYNTH_FLAGS).map(([name, { field, most }]) => [
    field,
    countFlag(flags, name, 1, most) ?? SYNTHETIC_SHAPE[field],
  ]);
  return Object.fromEntries(given) as SyntheticShape;
}
