import { definePolicy, NO_WORK } from "./definition.js";
import { growing } from "./closed-forms.js";
import { DENSE_LANES } from "./dense-lane.js";

/** Full attention (arXiv 1706.03762): keeps and reads every token. The baseline of all others. */
export const dense = definePolicy({
  title: "keeps and reads every token",
  source: "https://arxiv.org/abs/1706.03762",
  parameters: {},
  create: () => ({
    label: "Dense",
    indexPageTokens: 0,
    work: NO_WORK,
    notes: [],
    footprint: ({ prompt, generated }) => growing(prompt + generated, Infinity),
    lanes: DENSE_LANES,
  }),
});
