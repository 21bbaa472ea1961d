import { InputError } from "../core/check.js";
import { EFFICIENCY_KEYS } from "../hardware/profile-schema.js";
import type { HardwareProfile, OperatorFit } from "../hardware/profile.js";
import { allReduceForm } from "./all-reduce-form.js";
import { decodeAttentionForm } from "./decode-attention-form.js";
import { fitOperator } from "./fit-operator.js";
import { gemmForm } from "./gemm-form.js";
import { moeForm } from "./moe-form.js";
import type { OperatorForm, ProfileBlocks } from "./operator-form.js";
import { prefillAttentionForm } from "./prefill-attention-form.js";
import { STREAMING, type KernelSample } from "./sample.js";
import { scaledGemmForm } from "./scaled-gemm-form.js";
import { suited } from "./slow-device.js";
import { elementWise, streamingForm } from "./streaming-form.js";

export interface FitSettings {
  readonly holdout: number; // share of the shapes
  readonly seed: number;
  readonly source: string; // of the samples, for the profile
  readonly kind?: "fitted" | "measured"; // measured: by a calibration on the device itself
}

export interface FittedProfile {
  readonly json: Readonly<Record<string, unknown>>;
  readonly fits: readonly OperatorFit[];
  readonly unused: number; // samples that no form describes
}

const KERNELS = "kernels"; // key of `sources`
/** Fewer held-out shapes than this say nothing of an error. */
const LEAST_SAMPLES = 20;
const BLOCKS = ["gemm", "decodeAttention", "prefillAttention", "moe", "allReduce"] as const;

/**
 * Fits the forms of all operators that samples cover and puts their parameters into a profile's JSON; what they do not
 * cover stays as it was. `profile` is that JSON as parsed into `device`. Throws InputError if there is too little.
 */
export function fitProfile(
  profile: Readonly<Record<string, unknown>>,
  device: HardwareProfile,
  samples: readonly KernelSample[],
  { holdout, seed, source, kind = "fitted" }: FitSettings,
  progress: (operator: string) => void,
): FittedProfile {
  const merged = mergedShapes(samples);
  const blocks: ProfileBlocks = {};
  const fits: OperatorFit[] = [];
  let used = 0;
  const fit = <S extends KernelSample>(form: OperatorForm<S>): void => {
    const own = merged.filter(form.takes);
    if (own.length < LEAST_SAMPLES) return;
    progress(form.name);
    const fitted = fitOperator(suited(form, device), own, device, holdout, seed);
    form.put(blocks, fitted.values);
    fits.push(fitted.fit);
    used += own.length;
  };
  fitForms(fit, device, merged);
  if (fits.length === 0)
    throw new InputError("fit", `no operator has ${LEAST_SAMPLES} samples; give more kernel tables`);
  const json: Record<string, unknown> = {
    ...profile,
    kind,
    fits: fits.map((fit) => ({ ...fit, source: KERNELS })),
  };
  for (const key of BLOCKS) if (blocks[key] !== undefined) json[key] = withOthers(profile[key], sourced(blocks[key]));
  const stream = elementWise(blocks.streaming ?? {});
  if (stream !== undefined) json["elementwise"] = sourced(stream);
  if (device.peakFlops.fp8 === null && blocks.gemm !== undefined)
    json["gemm"] = { fp8: null, ...(json["gemm"] as object) };
  if (EFFICIENCY_KEYS.every((key) => json[key] !== undefined)) delete json["efficienciesOf"]; // nothing is borrowed any more
  json["sources"] = { ...(profile["sources"] as object), [KERNELS]: source };
  return { json: ordered(json), fits, unused: merged.length - used };
}

/** Calls `fit` for the operators, formats and head sizes that there are forms for; attention for those of the samples. */
function fitForms(
  fit: <S extends KernelSample>(form: OperatorForm<S>) => void,
  device: HardwareProfile,
  samples: readonly KernelSample[],
): void {
  const kernel = device.decodeAttention[0]?.kernel ?? "flash-attention-2";
  const cases = new Map<string, { readonly headDim: number; readonly kvFormat: "bf16" | "fp8" }>();
  for (const sample of samples) {
    if ("headDim" in sample) cases.set(`${sample.kvFormat} ${sample.headDim}`, sample);
  }
  const attention = [...cases.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
  fit(gemmForm(device));
  fit(scaledGemmForm(device));
  for (const { headDim, kvFormat } of attention) fit(decodeAttentionForm(kernel, headDim, kvFormat));
  for (const { headDim, kvFormat } of attention) fit(prefillAttentionForm(kernel, headDim, kvFormat));
  for (const format of ["bf16", "fp8", "int4"] as const) fit(moeForm(format, device));
  for (const each of ["ring", "custom"] as const) fit(allReduceForm(each));
  for (const operator of STREAMING) {
    const computes = samples.some((sample) => sample.operator === operator && sample.flops > 0);
    fit(streamingForm(operator, computes));
  }
}

/** Samples of one shape as one, at their geometric mean: a shape is held out as a whole. */
function mergedShapes(samples: readonly KernelSample[]): readonly KernelSample[] {
  const shapes = new Map<string, { readonly first: KernelSample; logs: number; count: number }>();
  for (const sample of samples) {
    const key = JSON.stringify({ ...sample, seconds: 0 });
    const shape = shapes.get(key) ?? { first: sample, logs: 0, count: 0 };
    shape.logs += Math.log(sample.seconds);
    shape.count++;
    shapes.set(key, shape);
  }
  return [...shapes.values()].map(({ first, logs, count }) => ({ ...first, seconds: Math.exp(logs / count) }));
}

/** Each number with the key of its source, as profiles have them. */
function sourced(value: unknown): unknown {
  if (typeof value === "number") return { value, source: KERNELS };
  if (Array.isArray(value)) return value.map(sourced);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, sourced(each)]));
}

/** A block of several kernels keeps those that were not fitted; a list is replaced. */
function withOthers(before: unknown, fitted: unknown): unknown {
  if (Array.isArray(fitted) || typeof before !== "object" || before === null) return fitted;
  return { ...before, ...(fitted as object) };
}

/** Sources, notes and fits last, as people read a profile. */
function ordered(json: Record<string, unknown>): Record<string, unknown> {
  const { fits, sources, notes, ...rest } = json;
  return { ...rest, sources, notes, fits };
}
