import type { ParameterValue } from "../policy/policy.js";
import type { TraceMetadata } from "../trace/attention-trace.js";
import type { ReplaySettings } from "./settings.js";

/** What a policy keeps of the attention, over the measured steps of one or more KV heads. */
export interface Quality {
  /** Share of the attention on what was read: mean over steps and heads, 5th percentile (to 1e-4) and worst. */
  readonly recall: { readonly mean: number; readonly p5: number; readonly worst: number };
  /** Share of the k positions of largest attention that were read. */
  readonly topKRecall: number;
  /** ‖o - ô‖ / ‖o‖ of the attention output; absent if the recording has no values or it was not asked for. */
  readonly outputError?: { readonly mean: number; readonly max: number };
  /** 2 (1 - recall): the mean output error is at most this times the largest ‖v‖ / ‖o‖. */
  readonly outputErrorBound: number;
  /** Times that a step would have used an evicted position, and how many a step and head. */
  readonly milestoneMisses: Misses;
  /** Those of them where the position had long been unused. */
  readonly phoenixMisses: Misses;
  /** Tokens held and read by a step in a layer, per KV head. */
  readonly heldTokens: { readonly mean: number; readonly max: number };
  readonly readTokens: { readonly mean: number; readonly max: number };
}

export interface Misses {
  readonly total: number;
  readonly perStep: number;
}

export interface HeadQuality extends Quality {
  readonly head: number;
}

export interface LayerQuality extends Quality {
  readonly layer: number;
  readonly heads: readonly HeadQuality[];
}

export interface PolicyQuality extends Quality {
  readonly policy: string;
  readonly label: string;
  readonly kind: string;
  readonly parameters: Readonly<Record<string, ParameterValue>>;
  readonly source: string;
  readonly notes: readonly string[];
  /** Set if it looks at what no policy could know: the step's true attention, or the future. */
  readonly oracle?: "step" | "future";
  readonly layers: readonly LayerQuality[];
  /** Means over heads, one number a measured step. */
  readonly steps: {
    readonly recall: readonly number[];
    readonly topKRecall: readonly number[];
    readonly outputError?: readonly number[];
    readonly heldTokens: readonly number[];
    readonly readTokens: readonly number[];
    readonly milestoneMisses: readonly number[];
    readonly phoenixMisses: readonly number[];
  };
}

export interface ReplayResult {
  /** What the recording says of itself. */
  readonly trace: TraceMetadata & { readonly decodeSteps: number };
  readonly layers: readonly number[];
  readonly kvHeads: readonly number[];
  readonly settings: ReplaySettings;
  readonly notes: readonly string[];
  readonly policies: readonly PolicyQuality[];
}
