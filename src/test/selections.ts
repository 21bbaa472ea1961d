import type { Policy } from "../policy/policy.js";
import type { RowKernel } from "../attention/row-kernel.js";
import { makeKernel, replay } from "../replay/replay.js";
import type { AttentionTrace } from "../trace/attention-trace.js";

/** What a policy kept and read in one step, position by position. */
export interface Chosen {
  readonly kept: readonly number[];
  readonly read: readonly number[];
}

/** Replays one policy and gives its choices by "layer/head" (of query heads: "layer/head/queryHead"), step by step. */
export function selectionsOf(
  trace: AttentionTrace,
  policy: Policy,
  seed = 0,
  kernel: RowKernel["name"] = "wasm-simd",
): Map<string, Chosen[]> {
  const all = new Map<string, Chosen[]>();
  replay(
    trace,
    [policy],
    { seed, outputError: false },
    {
      show: (_, { layer, head, queryHead, kept, read }) => {
        const key = queryHead === undefined ? `${layer}/${head}` : `${layer}/${head}/${queryHead}`;
        const steps = all.get(key) ?? [];
        steps.push({ kept: expand(kept), read: expand(read) });
        all.set(key, steps);
      },
    },
    () => makeKernel(kernel),
  );
  return all;
}

function expand(ranges: readonly (readonly [number, number])[]): number[] {
  return ranges.flatMap(([from, to]) => Array.from({ length: to - from }, (_, i) => from + i));
}
