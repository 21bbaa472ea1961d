import type { LayerGroup } from "../cost/cost-model.js";
import type { Policy } from "../policy/policy.js";
import { footprint, prefillBlocks, residentBlocks } from "./layer-groups.js";

/** The KV pool of one replica, and who fills it. */
export interface KvPool {
  readonly groups: readonly LayerGroup[];
  readonly policy: Policy;
  readonly blockTokens: number;
  readonly layerBlocks: number;
}

/** Tokens of the longest sequence that fits alone, so that no request can starve: at most `wanted`, 0 if none fits. */
export function longestContext(pool: KvPool, wanted: number): number {
  if (holds(pool, wanted)) return wanted;
  let [low, high] = [0, wanted];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (holds(pool, middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** Whether one sequence alone fits at its largest: its whole context prefilled again, or decoding at its end. */
function holds({ groups, policy, blockTokens, layerBlocks }: KvPool, tokens: number): boolean {
  if (prefillBlocks(groups, tokens, blockTokens) > layerBlocks) return false;
  for (const prompt of [1, Math.floor(tokens / 2), tokens - 1]) {
    if (prompt < 1) continue;
    const print = footprint(groups, policy, { prompt, generated: tokens - prompt });
    if (residentBlocks(groups, print.resident, 0, blockTokens) > layerBlocks) return false;
  }
  return true;
}

/** What becomes of a context that the model allows and nobody asked for. */
export function cutNote(held: number, allowed: number): string {
  return `The KV pool holds ${held} tokens of one sequence, fewer than the ${allowed} the model allows: longer requests are cut.`;
}
