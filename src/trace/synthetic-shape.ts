/** Size of a synthetic trace. */
export interface SyntheticShape {
  readonly promptTokens: number;
  readonly steps: number;
  readonly layers: number;
  readonly queryHeads: number;
  readonly kvHeads: number;
  readonly headDim: number;
}

/** Large enough for its statistics, small enough to be made in a second. */
export const SYNTHETIC_SHAPE: SyntheticShape = {
  promptTokens: 128,
  steps: 2048,
  layers: 8,
  queryHeads: 8,
  kvHeads: 2,
  headDim: 32,
};
