import { constant, ZERO } from "../core/line.js";
import { growing, level } from "./closed-forms.js";
import { definePolicy, NO_WORK, SLOTS_NOTE } from "./definition.js";
import type { LayerFootprint, Lengths } from "./policy.js";

/**
 * DMS (arXiv 2506.05345; NVIDIA/Model-Optimizer, experimental/dms): a learned bit per token and KV head says whether it is
 * dropped when it leaves a sliding window. The bits come with trained weights of one model each, so no replay can show
 * which tokens go; what is known is how many, on average over heads: the window, and one in `ratio` of those before it.
 * Window 512 is the code's default for Qwen3-8B, ratio 8 the published model's. Departure: the first decode step still
 * reads the whole prompt.
 */
export const dms = definePolicy({
  title: "learned eviction, as its published compression ratio: can be served, not replayed",
  source: "https://arxiv.org/abs/2506.05345",
  parameters: {
    ratio: { kind: "integer", default: 8, min: 2, max: 64, help: "tokens before the window for each that is kept" },
    window: { kind: "integer", default: 512, min: 1, max: 65_536, help: "newest tokens, all of which are kept" },
  },
  create: ({ ratio, window }) => ({
    label: `DMS ${ratio}`,
    indexPageTokens: 0,
    work: NO_WORK,
    notes: [
      SLOTS_NOTE,
      "Tokens held are the published compression ratio's, a mean over heads; which ones is known to trained weights alone.",
    ],
    footprint: (lengths) => footprint(ratio, window, lengths),
  }),
});

function footprint(ratio: number, window: number, { prompt, generated }: Lengths): LayerFootprint {
  const tokens = prompt + generated;
  if (tokens <= window) return growing(tokens, window - tokens + 1);
  if (generated === 1) return level(tokens, 1);
  const before = tokens - window;
  const kept = constant(window + Math.ceil(before / ratio));
  return { resident: kept, read: kept, scored: ZERO, steadyFor: ratio - ((before - 1) % ratio) };
}
