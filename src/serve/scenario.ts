import { InputError } from "../core/check.js";
import { extrapolations } from "../cost/coverage.js";
import { kernelCost } from "../cost/kernel-cost.js";
import type { CostModel, LayerGroup } from "../cost/cost-model.js";
import type { HardwareProfile } from "../hardware/profile.js";
import type { ModelShape } from "../model/model-shape.js";
import type { Policy } from "../policy/policy.js";
import { parseSeconds, type NamedDraw } from "../workload/seconds.js";
import type { Workload } from "../workload/workload.js";
import { chunked } from "./chunked.js";
import { checkSplit, formats, memoryOptions } from "./placement.js";
import { graphSizes, hostParameters, withEngineDefaults, type EngineScenario } from "./engine-defaults.js";
import { ENGINE_PRESETS, type EnginePreset } from "./engine-presets.js";
import { parseGoals, type Goals } from "./goodput.js";
import { footprint, prefillBlocks, residentBlocks } from "./layer-groups.js";
import { kvGroups } from "./kv-groups.js";
import { memoryLayout } from "./memory.js";
import type { ScenarioOptions } from "./options.js";
import type { MemoryLayout } from "./outcome.js";
import { prefixCaching } from "./prefix-caching.js";
import { prefillFirst } from "./prefill-first.js";
import type { ReplicaOptions } from "./replica-options.js";
import type { RouterName } from "./router.js";

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
  const blockTokens = options["block-size"];
  const memory = memoryLayout(memoryOptions(options, parts));
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
  const maxModelTokens = contextLimit(options, model, { groups, policy, blockTokens, layerBlocks, memory }, notes);
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
    scheduler: options.scheduler === "chunked" ? chunked : prefillFirst,
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

interface Pool {
  readonly groups: readonly LayerGroup[];
  readonly policy: Policy;
  readonly blockTokens: number;
  readonly layerBlocks: number;
  readonly memory: MemoryLayout;
}

/** Longest context: as asked, or the model's, or the longest that fits the pool alone, so that no request can starve. */
function contextLimit(options: EngineScenario, model: ModelShape, pool: Pool, notes: string[]): number {
  const asked = options["max-model-len"];
  if (asked !== undefined && asked > model.maxPositions) {
    notes.push(`--max-model-len ${asked} is beyond the ${model.maxPositions} positions ${model.name} was made for.`);
  }
  const wanted = asked ?? model.maxPositions;
  if (holds(pool, wanted)) return wanted;
  let low = 1;
  let high = wanted;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (holds(pool, middle)) low = middle;
    else high = middle;
  }
  if (asked !== undefined || low < 2) {
    const option = asked === undefined ? "num-gpu-blocks-override" : "max-model-len";
    throw new InputError(
      option,
      `a sequence of ${wanted} tokens does not fit the KV pool of ${pool.memory.num_gpu_blocks} blocks; at most ${low} tokens fit`,
    );
  }
  notes.push(
    `The KV pool holds ${low} tokens of one sequence, fewer than the ${wanted} the model allows: longer requests are cut.`,
  );
  return low;
}

/** Whether one sequence alone fits at its largest: its whole context prefilled again, or decoding at its end. */
function holds({ groups, policy, blockTokens, layerBlocks }: Pool, tokens: number): boolean {
  if (prefillBlocks(groups, tokens, blockTokens) > layerBlocks) return false;
  for (const prompt of [1, Math.floor(tokens / 2), tokens - 1]) {
    if (prompt < 1) continue;
    const print = footprint(groups, policy, { prompt, generated: tokens - prompt });
    if (residentBlocks(groups, print.resident, 0, blockTokens) > layerBlocks) return false;
  }
  return true;
}
