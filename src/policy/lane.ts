import type { RangeSet } from "../core/range-set.js";
import type { Rng } from "../core/rng.js";
import type { TraceChannel } from "../trace/attention-trace.js";

/**
 * Who shares one choice of positions: a query head, the query heads of a KV head, or all heads of a layer. Memory is
 * per KV head: a choice per query head holds as many copies as the group has members.
 */
export type HeadGroup = "query-head" | "kv-head" | "layer";

/** What a group of heads can look at. One object serves all steps: nothing it hands out may be kept. */
export interface QueryView {
  readonly promptTokens: number;
  /** Index of the newest token, whose query looks back; the prompt's last one before decoding begins. */
  readonly position: number;
  /** Query heads of the group; they are numbered from 0 within it. */
  readonly queryHeads: number;
  /**
   * Scaled logits of the query `back` positions before the newest on positions 0 … position - back; -Infinity where the
   * model itself does not look. `back` is below the policy's lookback. Longer than what is valid. Channel "queries".
   */
  logits(back: number, queryHead: number): Float32Array;
  /** Copies the key at a position into `out`, headDim long. Channel "keys". */
  key(position: number, out: Float32Array): void;
  readonly headDim: number;
}

/** What is known when decoding begins. */
export interface PromptView extends QueryView {
  /** Index of the layer in the model, and how many the model has. */
  readonly layer: number;
  readonly layersTotal: number;
  /** Chance of this group's own, the same in each replay of a seed. */
  readonly rng: Rng;
  /** Attention that each prompt token drew from all prompt queries, mean over the group; [promptTokens]. Channel "prompt-mass". */
  columnMass(): Float32Array;
  /** Index of this group in its layer and the groups there; `seesLayer` only. */
  readonly group: number;
  /** The same view for another group of the layer; `seesLayer` only. */
  groups(): readonly QueryView[];
  /** What `survey` gave for each recorded layer that is not dense, by its index in the model. */
  readonly surveys: ReadonlyMap<number, number>;
  /** Shows the `truth` of every step that will be replayed, in order: for oracles that know the future. */
  eachFutureRow(visit: (step: number, truth: Float32Array) => void): void;
}

/** What one decode step shows before attention runs. */
export interface StepView extends QueryView {
  /** From 0; position is promptTokens + step. */
  readonly step: number;
  /** Quest's upper bound of q·k for each page of so many tokens, mean over the group; the last page may be partly filled. */
  pageBounds(page: number): Float32Array;
  /**
   * Scaled logits of the newest query on vectors taken for the keys of some positions: `keys` is [position, headDim], and
   * out[i] that of positions[i]. Channel "queries".
   */
  logitsOn(queryHead: number, keys: Float32Array, positions: ArrayLike<number>, out: Float64Array): void;
  /** This step's whole row of attention, mean over the group: for oracles. */
  truth(): Float32Array;
  /** This step's whole row of attention of one query head: for oracles. */
  truthOf(queryHead: number): Float32Array;
}

/** The decisions for one group of heads of one sequence. Mutable; owned by one replay. */
export interface Lane {
  /** Positions in memory. What has left it never comes back. */
  readonly held: RangeSet;
  /** Takes in the newest token and says what this step reads: part of what is held, the newest token among it. */
  select(step: StepView): RangeSet;
  /**
   * After attention: stamps, sums, evicts. `attention[position]` is the softmax over exactly what was read, each query
   * head's own, mean over the group; 0 at all other positions; empty unless the policy `observes`.
   */
  update(step: StepView, attention: Float32Array): void;
}

/** How a policy chooses positions. */
export interface Lanes {
  readonly needs: readonly TraceChannel[];
  readonly group: HeadGroup;
  /** Whether `update` is to be given the attention. */
  readonly observes: boolean;
  /** Queries, the newest included, whose logits it may ask for; 0 for most. */
  readonly lookback: number;
  /** Looks at what no policy could know; said in every report. */
  readonly oracle?: "step" | "future";
  /** Groups of a layer look at each other when decoding begins. */
  readonly seesLayer?: true;
  /** A number for a whole layer, from its prompt, before any lane starts; for budgets shared between layers. */
  survey?(layer: QueryView): number;
  start(prompt: PromptView): Lane;
}
