import { InputError } from "../core/check.js";
import { attentionMap, type AttentionMap, type HeadPlace } from "../replay/attention-map.js";
import { milestoneHead } from "../replay/milestone-head.js";
import type { Policy } from "../policy/policy.js";
import type { TraceMetadata } from "../trace/attention-trace.js";
import { progressLine } from "./progress.js";
import { openRecording } from "./recordings.js";
import type { ReplayRequest } from "./replay-flags.js";
import { resolvePolicies } from "./resolve.js";

/** Panels that a report shows of one head. */
const MOST_PANELS = 8;

/** The attention map that was asked for, or that of the head that shows milestones best, and what to say of the choice. */
export async function replayMap(
  { file, policies: specification, options }: ReplayRequest,
  asked: HeadPlace | undefined,
): Promise<{ readonly map: AttentionMap; readonly notes: readonly string[] }> {
  const policies = await resolvePolicies(specification);
  const drawn = drawnPolicies(policies);
  const trace = openRecording(file);
  const line = progressLine("attention map");
  try {
    if (asked !== undefined) requireRecorded(trace.metadata, asked);
    const place = asked ?? milestoneHead(trace, options);
    const map = attentionMap(trace, drawn, place, {
      ...options,
      progress: (steps) => line.update(() => `decode step ${steps.toLocaleString("en-US")}`),
    });
    const why =
      asked === undefined
        ? [
            "of the KV heads replayed, it puts the largest share of its attention on milestones in the first 2,048 steps",
          ]
        : [];
    const left = policies.length - drawn.length;
    return {
      map,
      notes: [
        `The attention map is that of layer ${place.layer}, KV head ${place.head}${why.map((reason) => `: ${reason}`).join("")}. Other heads: --map LAYER/HEAD.`,
        ...(left > 0
          ? [`The map is drawn for ${drawn.map(({ label }) => label).join(", ")}: the middle one of each kind.`]
          : []),
      ],
    };
  } finally {
    line.end();
    trace.close();
  }
}

function requireRecorded({ layers, kvHeads }: TraceMetadata, { layer, head }: HeadPlace): void {
  if (layers.includes(layer) && head < kvHeads) return;
  const known = `layers ${layers.join(", ")} with KV heads 0 to ${kvHeads - 1}`;
  throw new InputError("--map", `${layer}/${head} is not recorded; the trace has ${known}`);
}

/** All, if there is room for them; else of each kind the middle one of those given. */
function drawnPolicies(policies: readonly Policy[]): readonly Policy[] {
  if (policies.length <= MOST_PANELS) return policies;
  const kinds = [...new Set(policies.map(({ kind }) => kind))];
  const middle = (of: readonly Policy[]): Policy => of[Math.floor(of.length / 2)] as Policy;
  return kinds.map((kind) => middle(policies.filter((policy) => policy.kind === kind))).slice(0, MOST_PANELS);
}
