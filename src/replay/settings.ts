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

/** θ = 0.01 and a gap of 128 steps: the detector of DerekHJH/RaaS, benchmarks/evals/markov; top 10: Quest's figure. */
export const REPLAY_DEFAULTS = { seed: 0, theta: 0.01, topK: 10, phoenixGapSteps: 128, outputError: true } as const;
