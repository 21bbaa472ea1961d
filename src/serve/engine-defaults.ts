import type { HostParameters } from "../cost/host.js";
import type { HardwareProfile } from "../hardware/profile.js";
import {
  ENGINE_PRESETS,
  NEWEST_ENGINE,
  type BatchLimits,
  type EnginePreset,
  type EngineSwitches,
} from "./engine-presets.js";
import type { ScenarioOptions } from "./options.js";

/** Options that the engine decides where they are not given. */
type EngineOptions = BatchLimits & EngineSwitches;

/** A scenario whose engine has filled in what was not given. */
export type EngineScenario = Omit<ScenarioOptions, keyof EngineOptions> & EngineOptions;

const GIB = 2 ** 30;
/** vLLM asks for both: large batches made an A100 slower (vllm-project/vllm pull request 17885). */
const LARGE_BYTES = 70 * GIB;

export function withEngineDefaults(options: ScenarioOptions, profile: HardwareProfile): EngineScenario {
  const preset: EnginePreset = ENGINE_PRESETS[options.engine];
  const large = profile.memoryBytes >= LARGE_BYTES && !profile.name.includes("a100");
  const limits = large ? preset.largeGpu : preset.otherGpu;
  const tokens = options["max-num-batched-tokens"] ?? limits["max-num-batched-tokens"];
  return {
    ...options,
    "max-num-batched-tokens": tokens,
    "max-num-seqs": options["max-num-seqs"] ?? Math.min(limits["max-num-seqs"], tokens),
    "gpu-memory-utilization": options["gpu-memory-utilization"] ?? preset.defaults["gpu-memory-utilization"],
    "async-scheduling": options["async-scheduling"] ?? preset.defaults["async-scheduling"],
    "cuda-graphs": options["cuda-graphs"] ?? preset.defaults["cuda-graphs"],
    "enable-prefix-caching": options["enable-prefix-caching"] ?? preset.defaults["enable-prefix-caching"],
  };
}

/** The CPU's work: the engine's, but for what is given. */
export function hostParameters(options: ScenarioOptions): HostParameters {
  const { host }: EnginePreset = ENGINE_PRESETS[options.engine];
  return {
    ...host,
    stepSeconds: options["host-step-time"] ?? host.stepSeconds,
    sequenceSeconds: options["host-sequence-time"] ?? host.sequenceSeconds,
    frontEndSeconds: options["front-end-time"] ?? host.frontEndSeconds,
  };
}

/** What help says of an option that the engine decides; undefined of any other. */
export function engineDefaultHelp(name: string): string | undefined {
  const { largeGpu, otherGpu, defaults } = ENGINE_PRESETS[NEWEST_ENGINE];
  if (name in defaults) return `as --engine has it; ${NEWEST_ENGINE}: ${defaults[name as keyof typeof defaults]}`;
  if (!(name in largeGpu)) return undefined;
  const key = name as keyof BatchLimits;
  return `as --engine has it; ${NEWEST_ENGINE}: ${largeGpu[key]}, on A100s and below 70 GiB ${otherGpu[key]}`;
}

/** Largest graph vLLM captures, and where it goes from steps of 8 to steps of 16 (vLLM 0.11.1-0.23.0, vllm/config/vllm.py). */
const LARGEST_GRAPH = 512;
const FINE_GRAPHS = 256;

/** Tokens of the graphs that are captured: 1, 2, 4, then by 8 and by 16, up to twice the sequences; 51 if those are 256. */
export function graphSizes(options: EngineScenario): readonly number[] {
  if (!options["cuda-graphs"]) return [];
  const largest = Math.min(2 * options["max-num-seqs"], LARGEST_GRAPH, options["max-num-batched-tokens"]);
  const sizes = [1, 2, 4].filter((size) => size <= largest);
  for (let size = 8; size <= largest; size += size < FINE_GRAPHS ? 8 : 16) sizes.push(size);
  return sizes;
}
