import { InputError } from "../core/check.js";
import type { LayerGroup } from "../cost/cost-model.js";
import type { Policy } from "../policy/policy.js";
import type { Workload } from "../workload/workload.js";

/** No budget is as large: a policy that still holds every token of such a sequence evicts nothing. */
const MANY = 2 ** 40;

interface Parts {
  readonly groups: readonly LayerGroup[];
  readonly policy: Policy;
  readonly workload: Workload;
}

/**
 * Whether prefixes are cached if that is asked for, and what a reader must know of it. A cached block is the K and V of all
 * its tokens in all layers; where a policy evicts, or a layer sees a window only, what is left of a sequence is none.
 */
export function prefixCaching(
  asked: boolean,
  { groups, policy, workload }: Parts,
): { readonly on: boolean; readonly notes: readonly string[] } {
  const shared = workload.sharesPrefixes === true;
  if (!asked) return { on: false, notes: shared ? ["Prompts begin alike; each is computed anew."] : [] };
  const windows = groups.some(({ kind }) => kind === "window");
  if (windows || !keepsEverything(policy)) {
    const reason = windows
      ? "blocks of the model's sliding windows are not simulated as cached (vLLM does cache them)"
      : `${policy.label} does not keep every token`;
    const lost = shared ? "prompts that begin alike are computed anew, as is" : "computed anew is";
    return { on: false, notes: [`No prefix caching, as ${reason}: ${lost} what a preempted request had.`] };
  }
  return { on: true, notes: shared ? ["Prompts that begin alike share KV blocks, as long as they are cached."] : [] };
}

function keepsEverything(policy: Policy): boolean {
  try {
    return [
      { prompt: MANY, generated: 1 },
      { prompt: MANY, generated: 2 }, // some compress the prompt after the first step
      { prompt: MANY, generated: MANY },
      { prompt: 1, generated: MANY },
    ].every((lengths) => {
      const { resident } = policy.footprint(lengths);
      return resident.now === lengths.prompt + lengths.generated && resident.perStep === 1;
    });
  } catch (error) {
    if (error instanceof InputError) return false; // a policy that refuses long prompts has a budget
    throw error;
  }
}
