import { RangeSet } from "../core/range-set.js";
import { growing } from "./closed-forms.js";
import { definePolicy, HEAD_GROUP, HEAD_GROUPS, NO_WORK, requireOdd } from "./definition.js";
import type { Lane, StepView } from "./lane.js";
import type { LayerFootprint, Lengths } from "./policy.js";
import { averagePool } from "./pooling.js";
import { TopK } from "./top-k.js";
import { windowVotes } from "./window-votes.js";

/**
 * RPC (arXiv 2505.13866; jiwonsong-dev/ReasoningPathCompression, rpc/rpc_utils.py and qwen2_custom.py): the prompt stays;
 * each time `segment` more tokens were generated beyond the last `recent`, the generated part is cut to one in `ratio`: the
 * tokens the last `recent` queries attend to, mean over all heads of the layer, pooled, and the recent ones. Survivors
 * compete again, so that memory grows by segment / ratio a segment. Departure: the code counts the newest query twice
 * among the recent ones and leaves out the oldest; here each of them counts once.
 */
export const rpc = definePolicy({
  title: "cuts each generated segment to a fraction, keeps the prompt: memory still grows",
  source: "https://arxiv.org/abs/2505.13866",
  parameters: {
    segment: { kind: "integer", default: 1024, min: 1, max: 65_536, help: "generated tokens between compressions" },
    ratio: { kind: "number", default: 4, min: 1, max: 1024, help: "tokens of a segment for each that is kept" },
    recent: {
      kind: "integer",
      default: 32,
      min: 1,
      max: 1024,
      help: "newest tokens, which stay and whose queries vote",
    },
    kernel: {
      kind: "integer",
      default: 7,
      min: 1,
      max: 63,
      help: "neighbours over which votes are pooled, an odd number; does not change memory or reads",
    },
    headGroup: { ...HEAD_GROUP, default: "layer" },
  },
  create: (rules) => {
    requireOdd("rpc", "kernel", rules.kernel);
    const { segment, ratio, recent } = rules;
    const kept = Math.floor(segment / ratio);
    return {
      label: `RPC ${segment}`,
      indexPageTokens: 0,
      work: { ...NO_WORK, compressEverySteps: segment },
      notes: [
        `Memory grows for good, by ${kept} tokens every ${segment}.`,
        "The cost of a compression is spread evenly over the steps between two of them.",
      ],
      footprint: (lengths) => footprint(segment, kept, recent, lengths),
      lanes: {
        needs: ["attention", "queries"],
        group: HEAD_GROUPS[rules.headGroup],
        observes: false,
        lookback: recent,
        start: ({ promptTokens }) => new RpcLane(promptTokens, { ...rules, kept }),
      },
    };
  },
});

/** Compressions come in the steps with recent + k · segment generated tokens, k ≥ 1; each leaves prompt + k · kept + recent. */
function footprint(segment: number, kept: number, recent: number, { prompt, generated }: Lengths): LayerFootprint {
  const done = Math.max(0, Math.ceil((generated - recent) / segment) - 1);
  const next = recent + (done + 1) * segment;
  return growing(prompt + generated - done * (segment - kept), next - generated + 1);
}

interface RpcRules {
  readonly segment: number;
  readonly recent: number;
  readonly kernel: number;
  readonly kept: number; // of each segment
}

class RpcLane implements Lane {
  readonly held: RangeSet;
  private readonly promptTokens: number;
  private readonly rules: RpcRules;
  private compressions = 0;

  constructor(promptTokens: number, rules: RpcRules) {
    this.held = RangeSet.of([0, promptTokens]);
    this.promptTokens = promptTokens;
    this.rules = rules;
  }

  select({ position }: StepView): RangeSet {
    this.held.push(position);
    return this.held;
  }

  update(step: StepView): void {
    const { segment, recent, kernel, kept } = this.rules;
    const generated = this.held.size - this.promptTokens;
    if (generated < this.compressions * kept + segment + recent) return;
    this.compressions++;
    const decoded = [...this.held].slice(this.promptTokens);
    const older = decoded.slice(0, -recent);
    const votes = averagePool(windowVotes(step, older, recent, "mean"), kernel);
    this.held.clear();
    this.held.push(0, this.promptTokens);
    for (const slot of new TopK(this.compressions * kept).of(votes, 0, votes.length))
      this.held.push(older[slot] as number);
    for (const position of decoded.slice(-recent)) this.held.push(position);
  }
}
