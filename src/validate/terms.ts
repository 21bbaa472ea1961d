import type { CustomAllReduce, HardwareProfile, RingAllReduce } from "../hardware/profile.js";
import { hostParameters } from "../serve/engine-defaults.js";
import type { ScenarioOptions } from "../serve/options.js";

/** What a term belongs to. */
export interface Subject {
  readonly options: ScenarioOptions;
  readonly profile: HardwareProfile;
}

/** A part of the cost of a step that a fit may scale: 1 leaves it as it is. */
export interface Term {
  readonly name: string;
  scaled(subject: Subject, factor: number): Subject;
}

/** Of the engine and its CPU. */
export const HOST_TERMS: readonly Term[] = [
  hostTerm("host-step-time", "stepSeconds"),
  hostTerm("host-sequence-time", "sequenceSeconds"),
  hostTerm("front-end-time", "frontEndSeconds"),
];

/** Of the device beside its kernels: what lies between them, and how long an all-reduce takes however little it sends. */
export const GAP_TERMS: readonly Term[] = [
  {
    name: "element-wise layer time",
    scaled: ({ options, profile }, factor) => {
      const { elementwise } = profile;
      const layerSeconds = factor * elementwise.layerSeconds;
      return { options, profile: { ...profile, elementwise: { ...elementwise, layerSeconds } } };
    },
  },
  {
    name: "all-reduce fixed time",
    scaled: ({ options, profile }, factor) => {
      const { ring, custom } = profile.allReduce;
      const latency = ({ latencySeconds, gpuSeconds }: RingAllReduce | CustomAllReduce) => ({
        latencySeconds: factor * latencySeconds,
        gpuSeconds: factor * gpuSeconds,
      });
      const allReduce = {
        ring: { ...ring, ...latency(ring), bulkLatencySeconds: factor * ring.bulkLatencySeconds },
        custom: custom === null ? null : { ...custom, ...latency(custom) },
      };
      return { options, profile: { ...profile, allReduce } };
    },
  },
];

function hostTerm(
  option: "host-step-time" | "host-sequence-time" | "front-end-time",
  field: "stepSeconds" | "sequenceSeconds" | "frontEndSeconds",
): Term {
  return {
    name: option,
    scaled: ({ options, profile }, factor) => ({
      options: { ...options, [option]: factor * hostParameters(options)[field] },
      profile,
    }),
  };
}

/** Scales several terms, a factor each. */
export function withFactors(subject: Subject, terms: readonly Term[], factors: readonly number[]): Subject {
  return terms.reduce((changed, term, i) => term.scaled(changed, factors[i] as number), subject);
}
