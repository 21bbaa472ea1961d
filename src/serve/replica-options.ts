import type { CostModel, LayerGroup } from "../cost/cost-model.js";
import type { Policy } from "../policy/policy.js";
import type { RequestSpec } from "../workload/workload.js";
import type { Scheduler } from "./scheduler.js";

export interface ReplicaOptions {
  readonly index: number;
  readonly groups: readonly LayerGroup[];
  readonly policy: Policy;
  readonly cost: CostModel;
  readonly scheduler: Scheduler;
  readonly priorities: boolean; // preempt the least urgent, else the last admitted
  readonly asyncScheduling: boolean; // the next iteration is settled when the one before it starts
  readonly maxSequences: number;
  readonly maxTokens: number;
  readonly blockTokens: number;
  readonly layerBlocks: number; // size of the KV pool
  readonly prefixCaching: boolean; // only if every layer keeps every token
  readonly maxRun: number;
  readonly warmupSeconds: number; // gaps between tokens count from then on
}

/** A sequence leaves the engine; `served` is false if its client had given it up before. */
export type Ended = (now: number, spec: RequestSpec, served: boolean) => void;
