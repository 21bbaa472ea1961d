import { definePolicy, HEAD_GROUPS, NO_WORK, QUERY_HEAD_NOTE } from "./definition.js";
import type { Lane, PromptView } from "./lane.js";
import {
  bestOfPrompt,
  compressPromptOnce,
  ONCE_NOTE,
  PREFILL_PARAMETERS,
  PrefillLane,
  requirePrefill,
} from "./prefill-compression.js";
import { promptVotes, type PromptVoteRules } from "./prompt-votes.js";
import { roundHalfToEven } from "./rounding.js";
import { TopK } from "./top-k.js";

/**
 * AdaKV (arXiv 2407.11550; FFY0/AdaKV, adaptive_snapkv/monkeypatch/snapkv_utils.py): SnapKV with a budget for a whole
 * layer. The best heads · (budget - window) votes of all heads together say how many tokens each head gets; a share of
 * floorAlpha is dealt out evenly all the same. The code chooses for each query head by default (headGroup=queryHead);
 * here heads are KV heads, as its option for grouped queries has them, joined by mean. Halves round to even, as the code
 * has it; it also rounds floorAlpha · (budget - window) down first, here that is left as it is. Departures as of SnapKV.
 */
export const adakv = definePolicy({
  title: "SnapKV with tokens shared out between the heads of a layer by their votes",
  source: "https://arxiv.org/abs/2407.11550",
  parameters: {
    ...PREFILL_PARAMETERS,
    budget: {
      ...PREFILL_PARAMETERS.budget,
      help: "tokens of the prompt a head keeps, mean over a layer, window included",
    },
    kernel: { ...PREFILL_PARAMETERS.kernel, default: 7 },
    pooling: { ...PREFILL_PARAMETERS.pooling, default: "max" },
    floorAlpha: {
      kind: "number",
      default: 0.5,
      min: 0,
      max: 1,
      help: "share of the budget that every head gets alike; does not change memory or reads of a layer",
    },
  },
  create: (rules) => {
    const { budget, window, kernel, headGroup } = rules;
    requirePrefill("adakv", budget, window, kernel);
    const notes = [ONCE_NOTE, "Heads keep different amounts; the footprint is their mean, to half a token."];
    if (headGroup === "queryHead") notes.push(QUERY_HEAD_NOTE);
    return {
      label: `AdaKV ${budget}`,
      indexPageTokens: 0,
      work: NO_WORK,
      notes,
      footprint: (lengths) => compressPromptOnce(budget, lengths),
      lanes: {
        needs: ["attention", "queries"],
        group: HEAD_GROUPS[headGroup],
        observes: false,
        lookback: window,
        seesLayer: true,
        start: (prompt) => start(prompt, rules),
      },
    };
  },
});

interface AdaRules extends PromptVoteRules {
  readonly budget: number;
  readonly floorAlpha: number;
}

function start(prompt: PromptView, rules: AdaRules): Lane {
  const { promptTokens, group } = prompt;
  if (promptTokens <= rules.budget) return new PrefillLane(promptTokens, undefined);
  const votes = prompt.groups().map((head) => promptVotes(head, rules));
  const most = headBudgets(votes, rules.budget - rules.window, rules.floorAlpha)[group] as number;
  return new PrefillLane(promptTokens, bestOfPrompt(votes[group] as Float64Array, most, promptTokens));
}

/** Tokens for each head: its share of the best heads · base votes of all, and floorAlpha of what it would get alike. */
export function headBudgets(votes: readonly ArrayLike<number>[], base: number, floorAlpha: number): number[] {
  const tokens = votes[0]?.length ?? 0;
  const all = new Float64Array(votes.length * tokens);
  votes.forEach((ofHead, head) => all.set(ofHead, head * tokens));
  const won = votes.map(() => 0);
  for (const index of new TopK(votes.length * base).of(all, 0, all.length)) {
    won[Math.floor(index / tokens)]! += 1;
  }
  return won.map((count) => roundHalfToEven(count * (1 - floorAlpha) + floorAlpha * base));
}
