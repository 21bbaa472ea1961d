import {
  BUDGET,
  definePolicy,
  HEAD_GROUP,
  HEAD_GROUPS,
  KV_OR_QUERY_HEAD,
  NO_WORK,
  PAGE,
  requireWholePages,
} from "./definition.js";
import { MIN_PAGES } from "./quest.js";
import { TwilightLane } from "./twilight-lane.js";
import { holdAllReadSome } from "./whole-lane.js";

const KEY_SHARE = 0.5; // of a token's key and value
const FULL_BITS = 16;

/**
 * Twilight (arXiv 2502.02770; tsinghua-ideal/Twilight, twilight/pyimpl): Quest chooses a large base; of its tokens the step
 * reads the fewest whose attention, estimated with keys of `keyBits` bits (min and max of each token's key, round to
 * nearest), adds up to the share p. How many that is changes with head and step. The code leaves layers 0 and 1 dense: the
 * default of denseLayers. Departures: a choice for each KV head, from the mean of its query heads' estimates, where the code
 * has one a query head (headGroup=queryHead); the newest token is always read, and the base always has the newest page.
 */
export const twilight = definePolicy({
  title: "reads the fewest tokens with a given share of the attention, as estimated with 4-bit keys",
  source: "https://arxiv.org/abs/2502.02770",
  parameters: {
    p: { kind: "number", default: 0.85, min: 0, max: 1, help: "share of the base's estimated attention that is read" },
    budget: { ...BUDGET, default: 8192, help: "tokens of the base, chosen as Quest does" },
    page: PAGE,
    keyBits: { kind: "integer", default: 4, min: 1, max: 8, help: "bits of a channel of the keys that estimates use" },
    headGroup: { ...KV_OR_QUERY_HEAD, help: HEAD_GROUP.help },
  },
  create: ({ p, budget, page, keyBits, headGroup }) => {
    requireWholePages("twilight", budget, page);
    const pages = Math.max(MIN_PAGES, budget / page);
    return {
      label: `Twilight ${p}`,
      indexPageTokens: page,
      work: { ...NO_WORK, representativeShare: 1 + (page * KEY_SHARE * keyBits) / FULL_BITS, selects: true },
      notes: [
        "Tokens read depend on the attention: unless they were measured, all of the base is charged.",
        `Choosing is charged for the ${keyBits}-bit keys of all tokens, though only those of the base are read.`,
      ],
      footprint: (lengths) => holdAllReadSome(pages * page, true, lengths),
      dataDependent: true,
      lanes: {
        needs: ["attention", "queries", "keys", "page-bounds"],
        group: HEAD_GROUPS[headGroup],
        observes: false,
        lookback: 1,
        start: (prompt) => new TwilightLane(prompt, { p, pages, page, keyBits }),
      },
    };
  },
});
