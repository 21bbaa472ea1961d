import type { Line } from "../core/line.js";

/** A part of a prompt computed in one step: `tokens` new tokens after `context` cached ones; the last part emits a token. */
export interface PrefillChunk {
  readonly tokens: number;
  readonly context: number;
  readonly emits: boolean;
}

/** One iteration as the device sees it. Arrays have one value a layer group, in tokens of one layer summed over the decoding sequences. */
export interface Batch {
  readonly decodes: number; // sequences that each decode one token
  readonly chunks: readonly PrefillChunk[];
  readonly read: readonly Line[];
  readonly scored: readonly Line[];
}

/** Names of the parts of a step, in the order of reports. `exposedHost` is host time the GPU waits for. */
export const OPERATORS = [
  "linear layers",
  "LM head and sampling",
  "decode attention",
  "prefill attention",
  "policy work",
  "element-wise",
  "all-reduce",
  "host",
] as const;

/** Seconds of the next iteration, as a line over its repetitions, for `steadyFor` iterations. All multiples of a quantum. */
export interface StepCost extends Line {
  readonly steadyFor: number;
  /** The same line by operator, in the order of OPERATORS, as plain numbers: one object a step is enough. */
  readonly parts: readonly number[]; // sum to now
  readonly partSlopes: readonly number[]; // sum to perStep
}

/** A StepCost that may be written over once the step is done: many a simulation has millions. */
export type StepCostDraft = {
  -readonly [Key in keyof StepCost]: Key extends "parts" | "partSlopes" ? number[] : StepCost[Key];
};

export function stepCostDraft(): StepCostDraft {
  return {
    now: 0,
    perStep: 0,
    steadyFor: 0,
    parts: OPERATORS.map(() => 0),
    partSlopes: OPERATORS.map(() => 0),
  };
}

/** How sequences spend time on a device; pure. */
export interface CostModel {
  readonly name: string;
  /** `into`: an answer nobody needs any more, to write this one into; default a new one. */
  step(batch: Batch, into?: StepCostDraft): StepCost;
  /** Least time the device needs for so much work: FLOPs at peak, bytes at peak. For laws and for energy. */
  floor(work: WorkTotals): FloorSeconds;
}

/** Sums over a run, all exact integers. */
export interface WorkTotals {
  readonly iterations: number;
  readonly tokens: number; // through the layers, prompt and decode
  readonly emitted: number; // through the LM head
  readonly read: readonly number[]; // a layer group, tokens of one layer
}

export interface FloorSeconds {
  readonly memorySeconds: number;
  readonly computeSeconds: number;
}

/** Layers that attend alike under one policy. `kind` says whose footprint they have. */
export interface LayerGroup {
  readonly layers: number;
  readonly kind: "dense" | "window" | "policy";
  readonly window: number; // of kind "window", else Infinity
}
