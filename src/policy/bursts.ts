import type { TraceChannel } from "../trace/attention-trace.js";
import { BurstLane, type BurstRules, type SlotScore } from "./burst-lane.js";
import { compressInBursts } from "./closed-forms.js";
import {
  BUDGET,
  GROUP_REDUCTION,
  HEAD_GROUPS,
  KV_OR_QUERY_HEAD,
  NO_WORK,
  QUERY_HEAD_NOTE,
  requireBelowBudget,
  requireOdd,
} from "./definition.js";
import type { PolicyBody } from "./policy.js";
import type { HeadReduction } from "./window-votes.js";

/** Parameters of policies that compress in bursts, by the votes of the newest queries: R-KV and SnapKV-D. */
export const BURST_PARAMETERS = {
  budget: { ...BUDGET, help: "tokens a layer keeps after a compression" },
  interval: { kind: "integer", default: 128, min: 1, max: 65_536, help: "positions between compressions" },
  window: {
    kind: "integer",
    default: 8,
    min: 1,
    max: 1024,
    help: "newest queries that vote, and whose tokens stay; does not change memory or reads",
  },
  kernel: {
    kind: "integer",
    default: 7,
    min: 1,
    max: 63,
    help: "neighbours over which votes are max-pooled, an odd number; does not change memory or reads",
  },
  order: {
    kind: "choice",
    default: "position",
    choices: ["position", "slot"],
    help: "how survivors are ordered (slot: by score, as the authors' code leaves them); does not change memory or reads",
  },
  groupReduction: GROUP_REDUCTION,
  headGroup: KV_OR_QUERY_HEAD,
} as const;

export interface BurstSettings extends BurstRules {
  readonly kernel: number;
  readonly groupReduction: HeadReduction;
  readonly headGroup: "kvHead" | "queryHead";
}

/** A policy that cuts the cache in bursts to what `score` rates best. */
export function burstPolicy(
  kind: string,
  label: string,
  settings: BurstSettings,
  comparesKeys: boolean,
  score: SlotScore,
): PolicyBody {
  const { budget, interval, window, kernel, headGroup } = settings;
  requireBelowBudget(kind, "window", window, budget);
  requireOdd(kind, "kernel", kernel);
  const notes = ["The cost of a compression is spread evenly over the steps between two of them."];
  if (headGroup === "queryHead") notes.push(QUERY_HEAD_NOTE);
  const needs: TraceChannel[] = ["attention", "queries"];
  if (comparesKeys) needs.push("keys");
  return {
    label: `${label} ${budget}`,
    indexPageTokens: 0,
    work: { ...NO_WORK, compressEverySteps: interval, comparesKeys },
    notes,
    footprint: (lengths) => compressInBursts(budget, interval, lengths),
    lanes: {
      needs,
      group: HEAD_GROUPS[headGroup],
      observes: false,
      lookback: window,
      start: ({ promptTokens }) => new BurstLane(promptTokens, settings, score),
    },
  };
}
