/** What one lane kept and read in one step: half-open ranges of positions. */
export interface Selection {
  readonly step: number;
  readonly kept: readonly (readonly [number, number])[]; // after the step
  readonly read: readonly (readonly [number, number])[]; // in it
}

/** A selection with its place: a KV head, and the query head where the policy decides for each. */
export interface PlacedSelection extends Selection {
  readonly layer: number;
  readonly head: number;
  readonly queryHead?: number;
}
