import { openRows } from "../attention/open-rows.js";
import type { Policy } from "../policy/policy.js";
import { planReplay } from "../replay/plan.js";
import { makeKernel, replay } from "../replay/replay.js";
import type { AttentionTrace } from "../trace/attention-trace.js";
import { cpuMilliseconds } from "./cpu.js";

/** CPU milliseconds, each the least of several rounds. */
export interface AddedTime {
  /** Reading the recording, dot products and softmax of all decode steps: what one replay needs of the attention. */
  readonly scores: number;
  /** The whole replay of all policies. */
  readonly replay: number;
}

/**
 * What policies add to the scores they share: everything else that a replay does, which is what they choose, what is
 * true of each step, and the measures. Rounds of the two take turns, so that neither has the machine's better hour.
 */
export function addedTime(
  trace: AttentionTrace,
  policies: readonly Policy[],
  outputError: boolean,
  rounds: number,
): AddedTime {
  const timed = (work: () => void): number => {
    const start = cpuMilliseconds();
    work();
    return cpuMilliseconds() - start;
  };
  const least = { scores: Infinity, replay: Infinity };
  for (let round = 0; round < rounds; round++) {
    least.scores = Math.min(
      least.scores,
      timed(() => scoresOnly(trace, policies)),
    );
    least.replay = Math.min(
      least.replay,
      timed(() => replay(trace, policies, { outputError })),
    );
  }
  return least;
}

function scoresOnly(trace: AttentionTrace, policies: readonly Policy[]): void {
  const promptMass = policies.some(({ lanes }) => lanes?.needs.includes("prompt-mass"));
  for (const task of planReplay(trace, policies, {}).tasks) {
    const rows = openRows(trace, { ...task, lookback: 0, values: false, promptMass }, makeKernel());
    for (let position = rows.promptTokens; position < rows.totalTokens; position++) rows.moveTo(position);
  }
}
