import type { Line } from "../core/line.js";
import type { Lanes } from "./lane.js";

/** Tokens of a sequence. Before its k-th decode step (k ≥ 1) `generated` is k and the cache holds prompt + generated. */
export interface Lengths {
  readonly prompt: number;
  readonly generated: number; // at least 1: prefill emits the first token
}

/**
 * What one layer of a sequence costs in its next decode steps, in tokens: the K and V of one token in that layer.
 * Counts are amortised over pages: the count of any single step differs from the truth by less than one page.
 * All values are integers ≥ 0, so that sums over any number of steps are exact.
 */
export interface LayerFootprint {
  /** Tokens for which memory is held while the step runs, the new token included; perStep is 0 or 1. */
  readonly resident: Line;
  /** Tokens attention reads. */
  readonly read: Line;
  /** Tokens whose page representatives are scored to choose them (one representative per page); 0 for most policies. */
  readonly scored: Line;
  /** Decode steps for which the three lines hold, at least 1; Infinity if for good. */
  readonly steadyFor: number;
}

/** Work a policy adds to a decode step, beyond reading `read` tokens. See "Extra work per decode step" of each source. */
export interface PolicyWork {
  /** The attention weights themselves are written out and accumulated (H2O, TOVA): rules out fused attention. */
  readonly materialisesScores: boolean;
  /** Bytes of one page representative as a share of one token's K and V: 1 for min and max of K (Quest, RaaS). */
  readonly representativeShare: number;
  /** A top-k or arg-min over pages or tokens is taken each step. */
  readonly selects: boolean;
  /** A compression pass every so many steps that reads all held keys again (R-KV, SnapKV-D); 0: none. */
  readonly compressEverySteps: number;
  /** The pass compares each held key with each other: FLOPs quadratic in the budget (R-KV). */
  readonly comparesKeys: boolean;
}

/** A KV-cache policy. Immutable: parameters in, footprints out. */
export interface Policy {
  readonly name: string; // unique, non-default parameters included: "raas:budget=1024"
  readonly label: string; // for tables and charts
  readonly kind: string; // the key in the table: "raas"
  readonly parameters: Readonly<Record<string, ParameterValue>>; // complete, defaults filled in
  readonly source: string;
  /** Tokens that share one page representative; 0: no index is held. Index memory = representativeShare / indexPageTokens. */
  readonly indexPageTokens: number;
  /** The first so many layers keep and read everything. */
  readonly denseLayers: number;
  readonly work: PolicyWork;
  /** Approximations a reader of any report must know. */
  readonly notes: readonly string[];
  footprint(lengths: Lengths): LayerFootprint;
  /** What it holds or reads depends on the attention: `footprint` is an upper bound until a replay has measured it. */
  readonly dataDependent?: true;
  /** How it chooses positions of recorded attention; a policy without can be served, not replayed. */
  readonly lanes?: Lanes;
}

export type ParameterValue = number | string | boolean;

/** One parameter: its default, what is allowed, and a sentence for help texts. */
export type Parameter =
  | {
      readonly kind: "integer" | "number";
      readonly default: number;
      readonly min: number;
      readonly max: number;
      readonly powerOfTwo?: true;
      readonly help: string;
    }
  | { readonly kind: "choice"; readonly default: string; readonly choices: readonly string[]; readonly help: string }
  | { readonly kind: "boolean"; readonly default: boolean; readonly help: string };

export type Parameters = Readonly<Record<string, Parameter>>;
export type ValueOf<P extends Parameter> = P extends { kind: "integer" | "number" }
  ? number
  : P extends { kind: "boolean" }
    ? boolean
    : P extends { choices: readonly (infer C extends string)[] }
      ? C
      : never;
export type ValuesOf<P extends Parameters> = { readonly [K in keyof P]: ValueOf<P[K]> };

/** What `create` returns: the policy without what the table fills in (name, kind, parameters, denseLayers, source). */
export type PolicyBody = Pick<
  Policy,
  "label" | "indexPageTokens" | "work" | "notes" | "footprint" | "dataDependent" | "lanes"
>;

/** What a policy file exports (an outside file: as its default export). `parameters` is the only place its defaults exist. */
export interface PolicyDefinition<P extends Parameters = Parameters> {
  readonly title: string; // one line for lists
  readonly parameters: P;
  readonly source: string; // paper URL; departures from it are in the file's comment
  create(parameters: ValuesOf<P>): PolicyBody;
}
