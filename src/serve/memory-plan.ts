import type { HardwareProfile } from "../hardware/profile.js";
import type { ModelShape } from "../model/model-shape.js";
import type { Policy } from "../policy/policy.js";
import { checkSplit, memoryOptions } from "./placement.js";
import { withEngineDefaults, type EngineScenario } from "./engine-defaults.js";
import { footprint, prefillBlocks, residentBlocks } from "./layer-groups.js";
import { memoryFit, tooSmall } from "./memory.js";
import type { ScenarioOptions } from "./options.js";
import type { MemoryLayout } from "./outcome.js";

/** What the pool of one replica holds under a policy. */
export interface PolicyCapacity {
  readonly label: string;
  readonly policy: string;
  readonly memory: MemoryLayout;
  readonly sequence_bytes: number; // of one sequence at its largest, index included, over all GPUs of the replica
  readonly full_sequences: number; // whole sequences that fit at once
  readonly max_concurrency: number; // the same, not rounded down
}

/** One way to run the model: the fewest GPUs of a kind that hold at least one whole sequence. */
export interface FittingHardware {
  readonly hardware: string;
  readonly tp: number;
  readonly kv_cache_tokens: number;
  readonly full_sequences: number;
  readonly price_per_hour: number; // of all its GPUs, US dollars
}

export interface MemoryPlan {
  readonly options: EngineScenario;
  readonly sequenceTokens: number;
  readonly promptTokens: number; // of them
  readonly policies: readonly PolicyCapacity[];
  readonly fitting: readonly FittingHardware[];
  /** That the model does not fit, and what would; undefined if it does. */
  readonly problem: string | undefined;
  readonly missingBytes: number; // on each GPU
}

interface Asked {
  readonly model: ModelShape;
  readonly profile: HardwareProfile;
  readonly policies: readonly [Policy, ...Policy[]];
}

/** Where a deployment's memory goes, what it holds, and which of `others` would do. Throws InputError as `scenario` does. */
export function memoryPlan(given: ScenarioOptions, asked: Asked, others: readonly HardwareProfile[]): MemoryPlan {
  const { model, profile, policies } = asked;
  const [first] = policies;
  const options = withEngineDefaults(given, profile);
  checkSplit(options, { model, profile, policy: first });
  const sequenceTokens = options["max-model-len"] ?? model.maxPositions;
  const promptTokens = Math.min(options["input-len"] ?? PROMPT_TOKENS, Math.max(1, sequenceTokens - 1));
  const sequence = { tokens: sequenceTokens, prompt: promptTokens };
  const placed = { model, profile, policy: first };
  const { missingBytes } = memoryFit(memoryOptions(options, placed));
  return {
    options,
    sequenceTokens,
    promptTokens,
    policies: policies.map((policy) => capacity(options, { ...placed, policy }, sequence)),
    fitting: others.flatMap((other) => smallest(given, { ...placed, profile: other }, sequence) ?? []),
    problem: missingBytes === 0 ? undefined : tooSmall(memoryOptions(options, placed), missingBytes),
    missingBytes,
  };
}

/** Unless --input-len says otherwise: prompts of reasoning requests are short beside their answers. */
const PROMPT_TOKENS = 512;

interface Sequence {
  readonly tokens: number;
  readonly prompt: number;
}

type Placed = Parameters<typeof memoryOptions>[1];

function capacity(options: EngineScenario, placed: Placed, sequence: Sequence): PolicyCapacity {
  const { policy } = placed;
  const { layout } = memoryFit(memoryOptions(options, placed));
  const blocks = sequenceBlocks(options, placed, sequence);
  const layerBlocks = layout.num_gpu_blocks * layout.layers_per_block;
  return {
    label: policy.label,
    policy: policy.name,
    memory: layout,
    sequence_bytes: (options.tp * blocks * layout.block_bytes) / layout.layers_per_block,
    full_sequences: Math.floor(layerBlocks / blocks),
    max_concurrency: layerBlocks / blocks,
  };
}

const POINTS = 32; // of a sequence's life, at which its cache is looked at

/** Layer blocks of one sequence where it holds most: its prompt prefilled, or any time while it decodes. */
function sequenceBlocks(options: EngineScenario, placed: Placed, { tokens, prompt }: Sequence): number {
  const { groups, blockTokens } = memoryOptions(options, placed);
  let most = prefillBlocks(groups, prompt, blockTokens);
  for (let point = 0; point <= POINTS; point++) {
    const generated = Math.floor(((tokens - prompt) * point) / POINTS);
    const { resident } = footprint(groups, placed.policy, { prompt, generated });
    most = Math.max(most, residentBlocks(groups, resident, 0, blockTokens));
  }
  return most;
}

/** The smallest group of GPUs that holds a whole sequence; undefined if a node is too small. */
function smallest(given: ScenarioOptions, placed: Placed, sequence: Sequence): FittingHardware | undefined {
  const { model, profile } = placed;
  for (let tp = 1; tp <= profile.gpusPerNode; tp *= 2) {
    if (model.queryHeads % tp !== 0) continue;
    const options = withEngineDefaults({ ...given, tp, "num-gpu-blocks-override": undefined }, profile);
    const { memory, full_sequences } = capacity(options, placed, sequence);
    if (full_sequences === 0) continue;
    return {
      hardware: profile.name,
      tp,
      kv_cache_tokens: memory.kv_cache_tokens,
      full_sequences,
      price_per_hour: tp * (given["price-per-hour"] ?? profile.pricePerHour),
    };
  }
  return undefined;
}
