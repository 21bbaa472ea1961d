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

const { budget, window, ...voting } = PREFILL_PARAMETERS;

/**
 * PyramidKV (arXiv 2406.02069; Zefan-Cai/KVCache-Factory, pyramidkv/pyramidkv_utils.py): SnapKV with budgets that fall
 * linearly from the first layer to the last. Departures as of SnapKV; and the code gives all layers the same budget while
 * the prompt is shorter than 2 · (budget - window), where the formula it has beside that is used here for all prompts.
 * The footprint is the mean over layers.
 */
export const pyramidkv = definePolicy({
  title: "SnapKV with more tokens in the first layers than in the last",
  source: "https://arxiv.org/abs/2406.02069",
  parameters: {
    budget: { ...budget, help: "tokens of the prompt a layer keeps, mean over layers, the window among them" },
    window,
    beta: {
      kind: "integer",
      default: 20,
      min: 1,
      max: 1024,
      help: "share of the mean that the last layer gets, inverted; does not change the sum",
    },
    ...voting,
  },
  create: (rules) => {
    requirePrefill("pyramidkv", rules.budget, rules.window, rules.kernel);
    const notes = [
      ONCE_NOTE,
      "Layers keep different amounts; the footprint is their mean. Rounding keeps up to half a token a layer and layer more.",
    ];
    if (rules.headGroup === "queryHead") notes.push(QUERY_HEAD_NOTE);
    return {
      label: `PyramidKV ${rules.budget}`,
      indexPageTokens: 0,
      work: NO_WORK,
      notes,
      footprint: (lengths) => compressPromptOnce(rules.budget, lengths),
      lanes: {
        needs: ["attention", "queries"],
        group: HEAD_GROUPS[rules.headGroup],
        observes: false,
        lookback: rules.window,
        start: (prompt) => start(prompt, rules),
      },
    };
  },
});

interface PyramidRules extends PromptVoteRules {
  readonly budget: number;
  readonly beta: number;
}

function start(prompt: PromptView, rules: PyramidRules): Lane {
  const { promptTokens, layer, layersTotal } = prompt;
  if (promptTokens <= rules.budget) return new PrefillLane(promptTokens, undefined);
  const most = pyramidBudget(rules, promptTokens, layer, layersTotal);
  return new PrefillLane(promptTokens, bestOfPrompt(promptVotes(prompt, rules), most, promptTokens));
}

/** Tokens a layer keeps beside the window, of a prompt over budget. */
export function pyramidBudget(
  rules: Pick<PyramidRules, "budget" | "window" | "beta">,
  promptTokens: number,
  layer: number,
  layers: number,
): number {
  const mean = rules.budget - rules.window;
  const most = Math.min(2 * mean - Math.floor(mean / rules.beta), promptTokens - rules.window);
  const least = 2 * mean - most;
  const step = layers === 1 ? 0 : Math.floor((most - least) / (layers - 1));
  return most - layer * step;
}
