import { BUDGET, definePolicy, NO_WORK, PAGE, PAGED_NOTE, requireWholePages } from "./definition.js";
import type { Lane, StepView } from "./lane.js";
import { ORACLE_NOTE } from "./oracles.js";
import { pageMaxima, PageLane, selectPages } from "./page-lane.js";
import { holdAllReadSome, WholeLane } from "./whole-lane.js";

const COMPRESSED_KEYS = 0.5; // one key a block, of a key and a value a token

/**
 * SeerAttention-R (arXiv 2506.08889; microsoft/SeerAttention) with a perfect gate. The method trains a gate that predicts,
 * for each KV head and block of 64 tokens, the largest attention that a query head of the group pays to a token of the
 * block, normalised over blocks; the weights are of one model each, so a replay reads that target itself off the recorded
 * attention: an oracle. The newest block is always read. Blocks are chosen up to a budget, or by threshold (4e-3 in the
 * paper). Of recordings whose query heads were merged, the merged row stands for the largest.
 */
export const seerattentionR = definePolicy({
  title: "oracle: reads the blocks that a perfect learned gate would choose",
  source: "https://arxiv.org/abs/2506.08889",
  parameters: {
    budget: { ...BUDGET, default: 2048, help: "tokens a layer reads in a step under rule=budget" },
    page: { ...PAGE, default: 64, help: "tokens of a block; the budget is a multiple of it" },
    rule: { kind: "choice", default: "budget", choices: ["budget", "threshold"], help: "how many blocks are read" },
    threshold: {
      kind: "number",
      default: 4e-3,
      min: 0,
      max: 1,
      help: "normalised gate from which a block is read under rule=threshold",
    },
  },
  create: ({ budget, page, rule, threshold }) => {
    requireWholePages("seerattention-r", budget, page);
    const pages = budget / page;
    const byBudget = rule === "budget";
    return {
      label: byBudget ? `SeerAttention-R oracle ${budget}` : `SeerAttention-R oracle >${threshold}`,
      indexPageTokens: page,
      work: { ...NO_WORK, representativeShare: COMPRESSED_KEYS, selects: true },
      notes: [
        ORACLE_NOTE,
        "The gate is its training target, not a trained one; charged as the trained one.",
        PAGED_NOTE,
      ],
      footprint: (lengths) => (byBudget ? selectPages(pages, page, lengths) : holdAllReadSome(Infinity, true, lengths)),
      ...(byBudget ? {} : { dataDependent: true }),
      lanes: {
        needs: ["attention"],
        group: "kv-head",
        observes: false,
        lookback: 0,
        oracle: "step",
        start: ({ promptTokens }) => start(promptTokens, pages, page, byBudget ? undefined : threshold),
      },
    };
  },
});

function start(promptTokens: number, pages: number, page: number, threshold: number | undefined): Lane {
  if (threshold === undefined) return new PageLane(promptTokens, pages, page, (step) => gate(step, page));
  return new WholeLane(promptTokens, (step) => {
    const scores = gate(step, page);
    const reads = (own: number): boolean => own === scores.length - 1 || (scores[own] as number) >= threshold;
    return Array.from({ length: step.position + 1 }, (_, j) => j).filter((j) => reads(Math.floor(j / page)));
  });
}

/** For each block the largest attention of any query head on any of its tokens, over the sum of these. */
function gate(step: StepView, page: number): Float64Array {
  const largest = new Float64Array(Math.floor(step.position / page) + 1);
  for (let head = 0; head < step.queryHeads; head++) {
    pageMaxima(step.truthOf(head), step.position + 1, page).forEach((weight, own) => {
      largest[own] = Math.max(largest[own] as number, weight);
    });
  }
  const sum = largest.reduce((all, weight) => all + weight, 0);
  return largest.map((weight) => weight / sum);
}
