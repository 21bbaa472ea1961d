import { constant, type Line } from "../core/line.js";
import { growing } from "./closed-forms.js";
import { definePolicy, NO_WORK } from "./definition.js";
import { InfllmLane, type InfllmRules } from "./infllm-lane.js";
import type { LayerFootprint, Lengths } from "./policy.js";

const REPRESENTATIVE = 0.5; // one key a block, of a key and a value a token

/**
 * InfLLM (arXiv 2402.04617; thunlp/InfLLM, inf_llm/attention/context_manager.py): the first tokens and a local window are
 * always read; what left the window lies in blocks, of which each step reads the best by the mean logit of a few
 * representatives, summed over all heads of the layer. Representatives are the tokens of a block that drew most attention
 * while in the window. A block is made when a whole one has left the window; the rest is read with the window.
 * Departures: one set of representatives a layer, by the mean over heads, where the code has one a query head; the
 * attention of prompt tokens is that of all prompt queries, not of those within the window; positions are the model's own,
 * where the code gives all distant tokens the same; nothing is moved to the host.
 */
export const infllm = definePolicy({
  title: "reads first and newest tokens, and the best of the blocks between",
  source: "https://arxiv.org/abs/2402.04617",
  parameters: {
    blocks: { kind: "integer", default: 16, min: 1, max: 4096, help: "blocks a step reads" },
    block: { kind: "integer", default: 128, min: 1, max: 4096, help: "tokens of a block" },
    init: { kind: "integer", default: 128, min: 0, max: 65_536, help: "first tokens, always read" },
    local: { kind: "integer", default: 4096, min: 1, max: 1_048_576, help: "newest tokens, always read" },
    representatives: {
      kind: "integer",
      default: 4,
      min: 1,
      max: 256,
      help: "tokens that stand for a block; does not change memory or reads",
    },
  },
  create: (rules) => ({
    label: `InfLLM ${rules.init + rules.local + rules.blocks * rules.block}`,
    indexPageTokens: rules.block,
    work: { ...NO_WORK, representativeShare: REPRESENTATIVE, selects: true },
    notes: [
      "All tokens stay in GPU memory: the code keeps blocks on the host and fetches them, which is not modelled.",
      "The rest between blocks and window varies: reads are the mean over its length, as a whole number of tokens.",
    ],
    footprint: (lengths) => footprint(rules, lengths),
    lanes: {
      needs: ["attention", "queries", "prompt-mass"],
      group: "layer",
      observes: true,
      lookback: 1,
      start: (prompt) => new InfllmLane(prompt, rules),
    },
  }),
});

/** All is read until there is a block more than a step reads. */
function footprint({ blocks, block, init, local }: InfllmRules, { prompt, generated }: Lengths): LayerFootprint {
  const tokens = prompt + generated;
  const first = init + local + (blocks + 1) * block + 1;
  if (tokens < first) return growing(tokens, first - tokens);
  const all: Line = { now: tokens, perStep: 1 };
  const read = constant(init + local + blocks * block + Math.ceil((block + 1) / 2));
  return { resident: all, read, scored: all, steadyFor: Infinity };
}
