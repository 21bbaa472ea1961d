import { at, constant, ZERO, type Line } from "../core/line.js";
import type { LayerGroup } from "../cost/cost-model.js";
import type { ModelShape } from "../model/model-shape.js";
import type { Lengths, Policy } from "../policy/policy.js";

/**
 * Layers that cost alike. The model's own sliding windows stay as they are under every policy; of the layers that see
 * everything, the policy leaves its first `denseLayers` dense and governs the rest. A window that no context of `longest`
 * tokens fills sees everything.
 */
export function layerGroups(model: ModelShape, policy: Policy, longest = model.maxPositions): readonly LayerGroup[] {
  const groups: LayerGroup[] = [];
  let dense = policy.denseLayers;
  for (const { layers, window } of model.attention) {
    if (window !== undefined && window < longest) {
      groups.push({ layers, kind: "window", window });
      continue;
    }
    const first = Math.min(dense, layers);
    dense -= first;
    if (first > 0) groups.push({ layers: first, kind: "dense", window: Infinity });
    if (layers > first) groups.push({ layers: layers - first, kind: "policy", window: Infinity });
  }
  return groups;
}

/** What a whole sequence costs in its next decode steps: one line a layer group, tokens of one layer. */
export interface Footprint {
  readonly resident: readonly Line[];
  readonly read: readonly Line[];
  readonly scored: readonly Line[];
  readonly steadyFor: number;
}

/** The footprint of a sequence over all layer groups. */
export function footprint(groups: readonly LayerGroup[], policy: Policy, lengths: Lengths): Footprint {
  // Not by map(): what V8 has compiled makes arrays of another kind than what it interprets, and all users compile anew.
  const resident = Array<Line>(groups.length).fill(ZERO);
  const read = Array<Line>(groups.length).fill(ZERO);
  const scored = Array<Line>(groups.length).fill(ZERO);
  let steadyFor = Infinity;
  const tokens = lengths.prompt + lengths.generated;
  for (let g = 0; g < groups.length; g++) {
    const { kind, window } = groups[g] as LayerGroup;
    if (kind === "policy") {
      const layer = policy.footprint(lengths);
      resident[g] = layer.resident;
      read[g] = layer.read;
      scored[g] = layer.scored;
      steadyFor = Math.min(steadyFor, layer.steadyFor);
    } else {
      const line = tokens < window ? { now: tokens, perStep: 1 } : constant(window);
      resident[g] = line;
      read[g] = line;
      scored[g] = ZERO;
      if (tokens < window) steadyFor = Math.min(steadyFor, window - tokens);
    }
  }
  return { resident, read, scored, steadyFor };
}

/** Layer blocks (one block of tokens in one layer) that hold the resident tokens `steps` steps on. */
export function residentBlocks(
  groups: readonly LayerGroup[],
  resident: readonly Line[],
  steps: number,
  blockTokens: number,
): number {
  let blocks = 0;
  for (let g = 0; g < groups.length; g++) {
    blocks += (groups[g] as LayerGroup).layers * Math.ceil(at(resident[g] as Line, steps) / blockTokens);
  }
  return blocks;
}

/** Layer blocks that hold the first `tokens` tokens of a prompt; prefill is dense but for the model's own windows. */
export function prefillBlocks(groups: readonly LayerGroup[], tokens: number, blockTokens: number): number {
  let blocks = 0;
  for (const { layers, window } of groups) blocks += layers * Math.ceil(Math.min(tokens, window) / blockTokens);
  return blocks;
}
