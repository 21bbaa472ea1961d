import type { InputError } from "../core/check.js";
import type { HardwareProfile } from "../hardware/profile.js";
import type { ModelShape } from "../model/model-shape.js";
import type { Policy } from "../policy/policy.js";
import { checkSplit, memoryOptions, type Placed } from "./placement.js";
import { withEngineDefaults, type EngineScenario } from "./engine-defaults.js";
import { footprint, prefillBlocks, residentBlocks } from "./layer-groups.js";
import { memoryFit, type MemoryOptions } from "./memory.js";
import type { ScenarioOptions } from "./options.js";
import type { MemoryLayout } from "./outcome.js";
import { contextTooLong, LEAST_CONTEXT, longest, tooSmall } from "./required-memory.js";

/** What the pool of one replica holds under a policy. */
export interface PolicyCapacity {
  readonly label: string;
  readonly policy: string;
  readonly memory: MemoryLayout;
  readonly sequence_bytes: number; // of one sequence at its largest, index included, over all GPUs of the replica
  readonly longest_sequence_tokens: number; // that the pool holds alone, at most what is asked for
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
  readonly maxModelLen: number; // as asked, or all that the model allows
  readonly sequenceTokens: number; // of the sequences that are counted: those, or as many as `serve` cuts them to
  readonly promptTokens: number; // of them
  readonly policies: readonly PolicyCapacity[];
  readonly fitting: readonly FittingHardware[]; // for sequences of maxModelLen
  /** That the model, or a context that is asked for, does not fit, and what would; undefined if `serve` would start. */
  readonly problem: InputError | undefined;
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
  const pools = policies.map((policy) => memoryOptions(options, { model, profile, policy }));
  const { contextTokens: maxModelLen } = pools[0] as MemoryOptions;
  const held = pools.map(longest);
  const most = Math.max(...held);
  const all = Math.min(...held.filter((tokens) => tokens >= LEAST_CONTEXT)); // what each policy holds that holds any
  const { missingBytes } = memoryFit(pools[0] as MemoryOptions);
  // What nobody asked for is cut, as `serve` does.
  const cut = options["max-model-len"] === undefined && most >= LEAST_CONTEXT;
  const sequenceTokens = cut ? all : maxModelLen;
  const sequence = (tokens: number): Sequence => ({
    tokens,
    prompt: Math.min(options["input-len"] ?? PROMPT_TOKENS, Math.max(1, tokens - 1)),
  });
  return {
    options,
    maxModelLen,
    sequenceTokens,
    promptTokens: sequence(sequenceTokens).prompt,
    policies: policies.map((policy, i) => ({
      label: policy.label,
      policy: policy.name,
      ...capacity(pools[i] as MemoryOptions, sequence(sequenceTokens)),
      longest_sequence_tokens: held[i] as number,
    })),
    fitting: others.flatMap(
      (other) => smallest(given, { model, profile: other, policy: first }, sequence(maxModelLen)) ?? [],
    ),
    problem: problem(pools[0] as MemoryOptions, missingBytes, most, sequenceTokens),
    missingBytes,
  };
}

function problem(pool: MemoryOptions, missingBytes: number, most: number, tokens: number): InputError | undefined {
  if (missingBytes > 0) return tooSmall(pool, missingBytes);
  return most < tokens ? contextTooLong(pool, memoryFit(pool).layout.num_gpu_blocks, most) : undefined;
}

/** Unless --input-len says otherwise: prompts of reasoning requests are short beside their answers. */
const PROMPT_TOKENS = 512;

interface Sequence {
  readonly tokens: number;
  readonly prompt: number;
}

type Capacity = Pick<PolicyCapacity, "memory" | "sequence_bytes" | "full_sequences" | "max_concurrency">;

function capacity(pool: MemoryOptions, sequence: Sequence): Capacity {
  const { layout } = memoryFit(pool);
  const layerBlocks = layout.num_gpu_blocks * layout.layers_per_block;
  const fits = longest({ ...pool, contextTokens: sequence.tokens }) === sequence.tokens;
  // One that does not fit alone does not for its context prefilled again, whatever the policy holds later.
  const again = fits ? 0 : prefillBlocks(pool.groups, sequence.tokens, pool.blockTokens);
  const blocks = Math.max(sequenceBlocks(pool, sequence), again);
  return {
    memory: layout,
    sequence_bytes: (pool.tp * blocks * layout.block_bytes) / layout.layers_per_block,
    full_sequences: Math.floor(layerBlocks / blocks),
    max_concurrency: layerBlocks / blocks,
  };
}

const POINTS = 32; // of a sequence's life, at which its cache is looked at

/** Layer blocks of one sequence where it holds most: its prompt prefilled, or any time while it decodes. */
function sequenceBlocks({ groups, policy, blockTokens }: MemoryOptions, { tokens, prompt }: Sequence): number {
  let most = prefillBlocks(groups, prompt, blockTokens);
  for (let point = 0; point <= POINTS; point++) {
    const generated = Math.floor(((tokens - prompt) * point) / POINTS);
    const { resident } = footprint(groups, policy, { prompt, generated });
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
    const { memory, full_sequences } = capacity(memoryOptions(options, placed), sequence);
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
