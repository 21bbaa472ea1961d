import { definePolicy, HEAD_GROUPS, NO_WORK, QUERY_HEAD_NOTE } from "./definition.js";
import {
  bestOfPrompt,
  compressPromptOnce,
  ONCE_NOTE,
  PREFILL_PARAMETERS,
  PrefillLane,
  requirePrefill,
} from "./prefill-compression.js";
import { promptVotes } from "./prompt-votes.js";

/**
 * SnapKV (arXiv 2404.14469; FasterDecoding/SnapKV, snapkv/monkeypatch/snapkv_utils.py): of a prompt longer than the budget
 * the tokens stay that its last `window` queries attend to most, pooled over neighbours, and the window itself. Nothing
 * is dropped in decoding. The code chooses for each query head (headGroup=queryHead); kvpress takes the mean over the
 * group, the default here. Departures: the first decode step still reads the whole prompt, where the code cuts it at the
 * end of prefill; the budget of 1024 is that of other policies (the code's is 2048).
 */
export const snapkv = definePolicy({
  title: "cuts the prompt once, to the tokens its last queries attend to",
  source: "https://arxiv.org/abs/2404.14469",
  parameters: PREFILL_PARAMETERS,
  create: (rules) => {
    const { budget, window, kernel, headGroup } = rules;
    requirePrefill("snapkv", budget, window, kernel);
    return {
      label: `SnapKV ${budget}`,
      indexPageTokens: 0,
      work: NO_WORK,
      notes: headGroup === "queryHead" ? [ONCE_NOTE, QUERY_HEAD_NOTE] : [ONCE_NOTE],
      footprint: (lengths) => compressPromptOnce(budget, lengths),
      lanes: {
        needs: ["attention", "queries"],
        group: HEAD_GROUPS[headGroup],
        observes: false,
        lookback: window,
        start: (prompt) => {
          const { promptTokens } = prompt;
          if (promptTokens <= budget) return new PrefillLane(promptTokens, undefined);
          return new PrefillLane(promptTokens, bestOfPrompt(promptVotes(prompt, rules), budget - window, promptTokens));
        },
      },
    };
  },
});
