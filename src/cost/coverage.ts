import type { HardwareProfile, OperatorFit } from "../hardware/profile.js";
import type { KvFormat, ModelShape, WeightFormat } from "../model/model-shape.js";
import { denseGemms } from "./gemms.js";

/** What a simulation may ask of the forms. */
export interface Demand {
  readonly model: ModelShape;
  readonly weightFormat: WeightFormat;
  readonly kvFormat: KvFormat;
  readonly tp: number;
  readonly batchedTokens: number; // at most, in a step
  readonly sequences: number; // at most, in a step
  readonly contextTokens: number; // at most, of a sequence
}

/**
 * Notes on shapes outside of those that a profile's forms were fitted to, where they extrapolate; none for a profile
 * without measurements of its own, which says so itself.
 */
export function extrapolations(profile: HardwareProfile, demand: Demand): readonly string[] {
  if (profile.fits.length === 0) return [];
  const { model, weightFormat, kvFormat, tp } = demand;
  const { experts } = model;
  const gemms = denseGemms(model, tp);
  const heads = {
    queryHeads: model.queryHeads / tp,
    kvHeads: model.latent === undefined ? Math.ceil(model.kvHeads / tp) : 1,
  };
  const format = weightFormat === "mxfp4" ? "int4" : weightFormat;
  const head = `${kvFormat} head ${model.latent === undefined ? model.headDim : "of a latent"}`;
  return [
    ...outside(profile, `gemm ${format === "fp8" ? "fp8" : "bf16"}`, {
      m: demand.batchedTokens,
      n: Math.max(...gemms.map(({ n }) => n)),
      k: Math.max(...gemms.map(({ k }) => k)),
    }),
    ...outside(profile, `decode-attention ${head}`, {
      sequences: demand.sequences,
      context: demand.contextTokens,
      ...heads,
    }),
    ...outside(profile, `prefill-attention ${head}`, { tokens: demand.batchedTokens, ...heads }),
    ...(experts === undefined
      ? []
      : outside(profile, `moe ${format}`, {
          tokens: demand.batchedTokens,
          experts: experts.experts,
          expertsPerToken: experts.expertsPerToken,
          hiddenSize: model.hiddenSize,
          expertSize: experts.expertIntermediateSize / tp,
        })),
  ];
}

function outside(
  profile: HardwareProfile,
  operator: string,
  shape: Readonly<Record<string, number>>,
): readonly string[] {
  const fit = profile.fits.find((each) => each.operator === operator);
  if (fit === undefined) return [`${operator}: not measured on ${profile.name}; the nearest that was is scaled.`];
  const far = Object.entries(shape).flatMap(([name, value]) => beyond(fit, name, value));
  return far.length === 0
    ? []
    : [`${operator}: extrapolated from what was measured on ${profile.name}, ${far.join(", ")}.`];
}

function beyond({ ranges }: OperatorFit, name: string, value: number): readonly string[] {
  const [least, most] = ranges[name] ?? [-Infinity, Infinity];
  return value >= least && value <= most ? [] : [`${name} ${value} beyond ${least} to ${most}`];
}
