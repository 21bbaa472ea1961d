import fc from "fast-check";
import { toQuantum } from "../core/quantum.js";
import type { Batch, CostModel, LayerGroup, StepCost } from "../cost/cost-model.js";
import { OPERATORS } from "../cost/cost-model.js";
import type { LayerFootprint, Policy } from "../policy/policy.js";
import { chunked } from "../serve/chunked.js";
import type { Scenario } from "../serve/scenario.js";
import { parseSeconds, type NamedDraw } from "../workload/seconds.js";
import type { RequestSpec, Workload } from "../workload/workload.js";

/** Small stand-ins, so that the engine can be tested against sums done by hand. */

export function request(id: number, arrival: number, promptTokens: number, outputTokens: number): RequestSpec {
  return { id, arrival, promptTokens, outputTokens, reasoningTokens: 0, priority: 0, session: "" };
}

export function workload(requests: readonly RequestSpec[]): Workload {
  return { name: "toy", source: "by hand", notes: [], requests: () => requests };
}

/** Clients who wait for ever, and some who do not. */
export const arbitraryPatience: fc.Arbitrary<NamedDraw | undefined> = fc.constantFrom(
  undefined,
  undefined,
  parseSeconds(1.5, "patience"),
  parseSeconds("exponential:4", "patience"),
);

export function toyPolicy(footprint: Policy["footprint"], name = "toy"): Policy {
  return {
    name,
    label: name,
    kind: name,
    parameters: {},
    source: "by hand",
    indexPageTokens: 0,
    denseLayers: 0,
    work: {
      materialisesScores: false,
      representativeShare: 0,
      selects: false,
      compressEverySteps: 0,
      comparesKeys: false,
    },
    notes: [],
    footprint,
  };
}

export const keepAll = toyPolicy(({ prompt, generated }) => {
  const line = { now: prompt + generated, perStep: 1 };
  return { resident: line, read: line, scored: { now: 0, perStep: 0 }, steadyFor: Infinity };
}, "keep-all");

/** Grows to `budget`, then drops to half of it, over and over: every regime a policy can have. */
export function sawtooth(budget: number): Policy {
  return toyPolicy(({ prompt, generated }): LayerFootprint => {
    const tokens = prompt + generated;
    if (generated === 1 && tokens > budget) {
      const line = { now: tokens, perStep: 1 };
      return { resident: line, read: line, scored: { now: 0, perStep: 0 }, steadyFor: 1 };
    }
    const half = budget >> 1;
    const held = tokens <= budget ? tokens : half + ((tokens - budget - 1) % (budget - half)) + 1;
    const line = { now: held, perStep: 1 };
    return { resident: line, read: line, scored: { now: 0, perStep: 0 }, steadyFor: budget - held + 1 };
  }, `sawtooth-${budget}`);
}

/** Seconds of a step: a + b · tokens through the layers + c · tokens read, with a bend so that lines end. */
export function linearCost(a: number, perToken: number, perRead: number, bend = Infinity): CostModel {
  const fixed = toQuantum(a);
  const token = toQuantum(perToken);
  const slope = toQuantum(perRead);
  return {
    name: "linear",
    step(batch: Batch): StepCost {
      const prefill = batch.chunks.reduce((sum, chunk) => sum + chunk.tokens, 0);
      let now = fixed + token * (batch.decodes + prefill);
      let perStep = 0;
      let steadyFor = Infinity;
      for (const read of batch.decodes === 0 ? [] : batch.read) {
        const beyond = read.now >= bend;
        now += slope * read.now + (beyond ? slope * (read.now - bend) : 0);
        perStep += slope * read.perStep * (beyond ? 2 : 1);
        if (!beyond && read.perStep > 0) steadyFor = Math.min(steadyFor, Math.ceil((bend - read.now) / read.perStep));
      }
      const first = (value: number): number[] => OPERATORS.map((_, i) => (i === 0 ? value : 0));
      return { now, perStep, steadyFor, parts: first(now), partSlopes: first(perStep) };
    },
    floor: () => ({ memorySeconds: 0, computeSeconds: 0 }),
  };
}

export interface ToyOptions {
  readonly requests: readonly RequestSpec[];
  readonly cost?: CostModel;
  readonly policy?: Policy;
  readonly groups?: readonly LayerGroup[];
  readonly maxSequences?: number;
  readonly maxTokens?: number;
  readonly blockTokens?: number;
  readonly layerBlocks?: number;
  readonly prefixCaching?: boolean; // default off
  readonly scheduler?: Scenario["engine"]["scheduler"];
  readonly priorities?: boolean;
  readonly asyncScheduling?: boolean;
  readonly replicas?: number;
  readonly router?: Scenario["router"];
  readonly maxConcurrency?: number;
  readonly patience?: NamedDraw | undefined;
  readonly maxRun?: number;
  readonly frontEndSeconds?: number;
  readonly maxModelTokens?: number;
  readonly seed?: number;
  readonly warmupSeconds?: number;
}

type SimulatedScenario = Pick<
  Scenario,
  | "workload"
  | "engine"
  | "replicas"
  | "router"
  | "maxConcurrency"
  | "patience"
  | "maxModelTokens"
  | "frontEndSeconds"
  | "warmupSeconds"
  | "seed"
>;

/** A scenario for `serve` alone, without model and hardware. */
export function toyScenario(options: ToyOptions): Scenario {
  const simulated: SimulatedScenario = {
    workload: workload(options.requests),
    engine: {
      groups: options.groups ?? [{ layers: 1, kind: "policy", window: Infinity }],
      policy: options.policy ?? keepAll,
      cost: options.cost ?? linearCost(1, 0, 0),
      scheduler: options.scheduler ?? chunked,
      priorities: options.priorities ?? false,
      asyncScheduling: options.asyncScheduling ?? false,
      maxSequences: options.maxSequences ?? 256,
      maxTokens: options.maxTokens ?? 8192,
      blockTokens: options.blockTokens ?? 16,
      layerBlocks: options.layerBlocks ?? 1_000_000,
      prefixCaching: options.prefixCaching ?? false,
      maxRun: options.maxRun ?? Infinity,
    },
    replicas: options.replicas ?? 1,
    router: options.router ?? "round-robin",
    maxConcurrency: options.maxConcurrency ?? Infinity,
    patience: options.patience,
    maxModelTokens: options.maxModelTokens ?? 1_000_000,
    frontEndSeconds: options.frontEndSeconds ?? 0,
    warmupSeconds: options.warmupSeconds ?? 0,
    seed: options.seed ?? 0,
  };
  return simulated as Scenario;
}
