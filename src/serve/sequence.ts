import type { RequestSpec } from "../workload/workload.js";
import type { BlockRun } from "./block-runs.js";
import type { Footprint } from "./layer-groups.js";
import type { Hold } from "./prefix-cache.js";

/** A request inside a replica. Only the replica changes it. */
export class Sequence {
  readonly spec: RequestSpec;
  /** "waiting" → "prefilling" → "decoding" → gone, or back to "waiting" on preemption. */
  state: "waiting" | "prefilling" | "decoding" = "waiting";
  prefilled = 0; // context tokens in the cache while prefilling; back to 0 on preemption
  generated = 0; // tokens emitted before `joined`
  joined = 0; // decode counter at which it began to decode
  regime = 0; // decode counter from which `footprint` counts
  footprint: Footprint | undefined;
  stamp = 0; // raised whenever an earlier milestone no longer holds
  heldBlocks = 0; // layer blocks, until the first step of the regime has run
  pendingBlocks = 0; // layer blocks the first step of the regime adds
  fresh = false; // the first step of the regime has not run
  lastToken = NaN; // time of the last token if it has not decoded in the iteration before; else NaN
  preemptions = 0;
  abandoned = false; // by its client; the engine drops it between two iterations
  hold: Hold | undefined; // on cached blocks, while it has any blocks and its text may be found
  runs: readonly BlockRun[] | undefined; // of its context while it waits
  ownText: number | undefined; // first number of the text that it alone has, once it has been preempted

  constructor(spec: RequestSpec) {
    this.spec = spec;
  }

  /** Tokens prefill has to compute: the prompt, and after a preemption what was generated. */
  get contextTokens(): number {
    return this.spec.promptTokens + this.generated;
  }
}
