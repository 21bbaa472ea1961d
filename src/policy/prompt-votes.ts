import type { QueryView } from "./lane.js";
import { averagePool, maxPool } from "./pooling.js";
import { softmax } from "./window-votes.js";

export interface PromptVoteRules {
  /** The prompt's last queries, which vote; their own tokens are not voted on. */
  readonly window: number;
  readonly kernel: number;
  readonly pooling: "average" | "max";
  readonly groupReduction: "mean" | "max";
}

/** Attention of one query head's last `window` queries over the whole prompt, the newest query first. */
export function windowRows(prompt: QueryView, queryHead: number, window: number): Float64Array[] {
  return Array.from({ length: Math.min(window, prompt.position + 1) }, (_, back) => {
    const row = Float64Array.from(prompt.logits(back, queryHead).subarray(0, prompt.position + 1));
    row.fill(-Infinity, prompt.position + 1 - back);
    softmax(row);
    return row;
  });
}

/**
 * How much a prompt's last queries want each token before them: mean over the window for each query head, then mean or
 * maximum over the group, then pooled along the text. The scoring of SnapKV, PyramidKV and AdaKV; [prompt - window].
 */
export function promptVotes(prompt: QueryView, rules: PromptVoteRules): Float64Array {
  const { window, kernel, pooling, groupReduction } = rules;
  const votes = new Float64Array(Math.max(0, prompt.position + 1 - window));
  for (let head = 0; head < prompt.queryHeads; head++) {
    const ofHead = new Float64Array(votes.length);
    for (const row of windowRows(prompt, head, window)) {
      for (let j = 0; j < ofHead.length; j++) ofHead[j] = (ofHead[j] as number) + (row[j] as number) / window;
    }
    for (let j = 0; j < votes.length; j++) {
      const [old, more] = [votes[j] as number, ofHead[j] as number];
      votes[j] = groupReduction === "max" ? Math.max(old, more) : old + more / prompt.queryHeads;
    }
  }
  return pooling === "max" ? maxPool(votes, kernel) : averagePool(votes, kernel);
}
