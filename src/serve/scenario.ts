import { InputError } from "../core/check.js";
import { extrapolations } from "../cost/coverage.js";
import { kernelCost } from "../cost/kernel-cost.js";
import type { CostModel, LayerGroup } from "../cost/cost-model.js";
import type { HardwareProfile } from "../hardware/profile.js";
import type { ModelShape } from "../model/model-shape.js";
import type { Policy } from "../policy/policy.js";
import { parseSeconds, type NamedDraw } from "../workload/seconds.js";
import type { Workload } from "../workload/workload.js";
import { chunkByChunk, chunked } from "./chunked.js";
import { checkSplit, formats, memoryOptions } from "./placement.js";
import { graphSizes, hostParameters, withEngineDefaults, type EngineScenario } from "./engine-defaults.js";
import { ENGINE_PRESETS, type EnginePreset } from "./engine-presets.js";
import { parseGoals, type Goals } from "./goodput.js";
import { kvGroups } from "./kv-groups.js";
import { cutNote, longestContext } from "./longest-context.js";
import type { MemoryOptions } from "./memory.js";
import type { ScenarioOptions } from "./options.js";
import type { MemoryLayout } from "./outcome.js";
import { prefixCaching } from "./prefix-caching.js";
import { prefillFirst } from "./prefill-first.js";
import { contextTooLong, LEAST_CONTEXT, memoryLayout } from "./required-memory.js";
import type { ReplicaOptions } from "./replica-options.js";
import type { RouterName } from "./router.js";
import type { Scheduler } from "./scheduler.js";

/** What the names in a scenario stand for. */
export interface Parts {
  readonly model: ModelShape;
  readonly profile: HardwareProfile;
  readonly policy: Policy;
  readonly workload: Workload;
}

/** Everything a simulation needs, as objects. `scenario()` builds it; a test may put its own parts in. */
export interface Scenario {
  readonly options: EngineScenario;
  readonly enginePreset: EnginePreset;
  readonly parts: Parts;
  readonly workload: Workload;
  readonly engine: Omit<ReplicaOptions, "index" | "warmupSeconds">;
  readonly memory: MemoryLayout;
  readonly replicas: number;
  readonly router: RouterName;
  readonly maxConcurrency: number;
  readonly patience: NamedDraw | undefined; // seconds from sending until a client gives a request up
  readonly maxModelTokens: number;
  readonly frontEndSeconds: number;
  readonly warmupSeconds: number; // requests sent before are served and not measured
  readonly goals: Goals | undefined;
  readonly pricePerHour: number; // of one GPU, US dollars
  readonly seed: number;
  readonly notes: readonly string[];
}

/** Joins options and parts; every check that needs both is here. Errors: InputError that names the option. */
export function scenario(given: ScenarioOptions, parts: Parts): Scenario {
  const { model, profile, policy, workload } = parts;
  const options = withEngineDefaults(given, profile);
  const enginePreset: EnginePreset = ENGINE_PRESETS[options.engine];
  const notes = [...workload.notes, ...priorityNotes(options, workload), ...policyNotes(policy), ...profile.notes];
  checkSplit(options, parts);
  const { groups, weightFormat, kvFormat } = formats(options, parts);
  const pool = memoryOptions(options, parts);
  const memory = memoryLayout(pool);
  if (options["num-gpu-blocks-override"] !== undefined && kvGroups(model).groups > 1)
    notes.push(
      `Each block of --num-gpu-blocks-override is taken to hold its tokens in ${memory.layers_per_block} layers.`,
    );
  if (memory.free_bytes < 0)
    notes.push("The KV blocks given with --num-gpu-blocks-override need more memory than the GPU has.");
  if (groups.some(({ kind }) => kind === "window") && policy.kind !== "dense") {
    notes.push("The policy governs the full-attention layers; the model's sliding windows stay as they are.");
  }
  const caching = prefixCaching(options["enable-prefix-caching"], { groups, policy, workload });
  notes.push(...caching.notes);
  const layerBlocks = memory.num_gpu_blocks * memory.layers_per_block;
  const cost = stepCost(options, parts);
  const maxModelTokens = contextLimit(options, pool, memory, notes);
  const { "max-num-batched-tokens": batchedTokens, "max-num-seqs": sequences, tp } = options;
  const demand = { model, weightFormat, kvFormat, tp, batchedTokens, sequences, contextTokens: maxModelTokens };
  notes.push(...extrapolations(profile, demand));
  return {
    options,
    enginePreset,
    parts,
    workload,
    memory,
    engine: engineOptions(options, groups, policy, cost, layerBlocks, caching.on),
    replicas: options.replicas,
    router: options.router,
    maxConcurrency: options["max-concurrency"] ?? Infinity,
    patience: patience(options),
    maxModelTokens,
    frontEndSeconds: hostParameters(options).frontEndSeconds,
    warmupSeconds: typeof options.warmup === "number" ? options.warmup : 0, // a rule needs a run to look at
    goals: options.goodput === undefined ? undefined : parseGoals(options.goodput),
    pricePerHour: options["price-per-hour"] ?? profile.pricePerHour,
    seed: options.seed,
    notes: [...new Set(notes)],
  };
}

function patience({ "client-timeout": given }: ScenarioOptions): NamedDraw | undefined {
  if (given === 0) throw new InputError("client-timeout", "0 is not allowed; expected seconds above 0");
  return given === undefined ? undefined : parseSeconds(given, "client-timeout");
}

function stepCost(options: EngineScenario, parts: Parts): CostModel {
  const { model, profile, policy } = parts;
  const { copiesCache, sampler }: EnginePreset = ENGINE_PRESETS[options.engine];
  return kernelCost({
    ...formats(options, parts),
    model,
    profile,
    tp: options.tp,
    work: policy.work,
    indexPageTokens: policy.indexPageTokens,
    budget: typeof policy.parameters["budget"] === "number" ? policy.parameters["budget"] : 0,
    sampler,
    samplerWork: {
      filters: options.sampling === "auto" ? model.filtersLogits === true : options.sampling === "top-p",
      penalises: options.penalties === "auto" ? model.penalisesRepetition === true : options.penalties === "on",
    },
    host: hostParameters(options),
    asyncScheduling: options["async-scheduling"],
    graphSizes: graphSizes(options),
    copiesCache,
  });
}

function priorityNotes(options: EngineScenario, { tenants = [] }: Workload): readonly string[] {
  const heeded =
    options["scheduling-policy"] === "priority" || new Set(tenants.map(({ priority }) => priority)).size < 2;
  return heeded ? [] : ["Tenants have priorities that --scheduling-policy fcfs does not heed."];
}

function policyNotes({ notes, dataDependent }: Policy): readonly string[] {
  if (dataDependent !== true) return notes;
  return [
    ...notes,
    "What this holds or reads depends on the attention: served is its upper bound; --trace measures it.",
  ];
}

function scheduler({ scheduler: name, engine }: EngineScenario): Scheduler {
  if (name === "prefill-first") return prefillFirst;
  return ENGINE_PRESETS[engine].admitsWhole ? chunked : chunkByChunk;
}

function engineOptions(
  options: EngineScenario,
  groups: readonly LayerGroup[],
  policy: Policy,
  cost: CostModel,
  layerBlocks: number,
  prefixCaching: boolean,
): Scenario["engine"] {
  return {
    groups,
    policy,
    cost,
    scheduler: scheduler(options),
    priorities: options["scheduling-policy"] === "priority",
    asyncScheduling: options["async-scheduling"],
    maxSequences: options["max-num-seqs"],
    maxTokens: options["max-num-batched-tokens"],
    blockTokens: options["block-size"],
    layerBlocks,
    prefixCaching,
    maxRun: options["step-by-step"] ? 1 : Infinity,
  };
}

/** Longest context: as asked, or the model's, or the longest that fits the pool alone. */
function contextLimit(options: EngineScenario, pool: MemoryOptions, memory: MemoryLayout, notes: string[]): number {
  const asked = options["max-model-len"];
  const { model, contextTokens } = pool;
  if (asked !== undefined && asked > model.maxPositions) {
    notes.push(`--max-model-len ${asked} is beyond the ${model.maxPositions} positions ${model.name} was made for.`);
  }
  const layerBlocks = memory.num_gpu_blocks * memory.layers_per_block;
  const held = longestContext({ ...pool, layerBlocks }, contextTokens);
  if (held === contextTokens) return held;
  if (asked !== undefined || held < LEAST_CONTEXT) throw contextTooLong(pool, memory.num_gpu_blocks, held);
  notes.push(cutNote(held, contextTokens));
  return held;
}
