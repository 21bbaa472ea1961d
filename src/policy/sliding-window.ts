import { evictByToken } from "./closed-forms.js";
import { BUDGET, definePolicy, NO_WORK, SLOTS_NOTE } from "./definition.js";
import { windowLanes } from "./window-lane.js";

/**
 * The last `window` tokens, as Mistral 7B has them (arXiv 2310.06825). Departure: there a token sees itself and the
 * window - 1 before it; here the new token is read beside a full window, as under every other eviction policy.
 */
export const slidingWindow = definePolicy({
  title: "keeps the newest tokens",
  source: "https://arxiv.org/abs/2310.06825",
  parameters: { window: { ...BUDGET, help: "newest tokens a layer keeps" } },
  create: ({ window }) => ({
    label: `Window ${window}`,
    indexPageTokens: 0,
    work: NO_WORK,
    notes: [SLOTS_NOTE],
    footprint: (lengths) => evictByToken(window, lengths),
    lanes: windowLanes(window, 0),
  }),
});
