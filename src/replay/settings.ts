import { PATIENCE_ROWS, READ_SHARE } from "../attention/head-kind.js";

/** How a replay measures. */
export interface ReplaySettings {
  readonly seed: number;
  /** A position is used by a step that puts at least this share of a KV head's attention on it. */
  readonly theta: number;
  /** Positions of the largest attention whose recall is reported. */
  readonly topK: number;
  /** A position unused for more steps than this and used again is a phoenix. */
  readonly phoenixGapSteps: number;
  /** Whether outputs are computed and compared; needs values. */
  readonly outputError: boolean;
  /** Decode steps from … to - 1 are measured; earlier ones are only lived through. */
  readonly fromStep: number;
  readonly toStep: number;
}

/** θ and the gap are those of the head map; top 10: Quest's figure. */
export const REPLAY_DEFAULTS = {
  seed: 0,
  theta: READ_SHARE,
  topK: 10,
  phoenixGapSteps: PATIENCE_ROWS,
  outputError: true,
} as const;
