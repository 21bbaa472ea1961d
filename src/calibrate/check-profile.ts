import type { HardwareProfile } from "../hardware/profile.js";
import { decodeAttentionForm } from "./decode-attention-form.js";
import { gemmForm } from "./gemm-form.js";
import type { OperatorForm, Values } from "./operator-form.js";
import { prefillAttentionForm } from "./prefill-attention-form.js";
import type { KernelSample } from "./sample.js";

/** How far a profile's prediction lies from what was measured now. */
export interface Checked {
  readonly operator: string; // as the profile's fit names it
  readonly predicted: number; // seconds
  readonly measured: number;
}

export interface OperatorCheck {
  readonly operator: string;
  readonly shapes: number;
  readonly mapePercent: number;
  readonly allowedPercent: number;
  readonly holds: boolean;
}

/** Machines differ by so much from day to day; a fit that was worse than half of it when it was made may be off by twice that. */
const ALLOWED_PERCENT = 20;

/** What the profile says of a sample that it was measured for; undefined where it has no such kernel. */
export function checked(profile: HardwareProfile, sample: KernelSample): Checked | undefined {
  switch (sample.operator) {
    case "gemm":
      return sample.format === "bf16" ? of(gemmForm(profile), profile, { ...profile.gemm.bf16 }, sample) : undefined;
    case "decode-attention": {
      const kernel = profile.decodeAttention.find(sameCase(sample));
      if (kernel === undefined) return undefined;
      const form = decodeAttentionForm(kernel.kernel, sample.headDim, sample.kvFormat);
      return of(form, profile, kernel, sample);
    }
    case "prefill-attention": {
      const kernel = profile.prefillAttention.find(sameCase(sample));
      if (kernel === undefined) return undefined;
      const form = prefillAttentionForm(kernel.kernel, sample.headDim, sample.kvFormat);
      return of(form, profile, kernel, sample);
    }
    default:
      return undefined;
  }
}

function sameCase(sample: { readonly headDim: number; readonly kvFormat: string }) {
  return ({ headDim, kvFormat }: { readonly headDim: number; readonly kvFormat: string }): boolean =>
    headDim === sample.headDim && kvFormat === sample.kvFormat;
}

function of<S extends KernelSample>(
  form: OperatorForm<S>,
  profile: HardwareProfile,
  values: object,
  sample: S,
): Checked {
  // The form overlays what is no number with what it was made for.
  const numbers = Object.fromEntries(Object.entries(values).filter(([, value]) => typeof value === "number")) as Values;
  return { operator: form.name, predicted: form.predictor(profile, numbers)(sample), measured: sample.seconds };
}

/** Whether the profile still says what this machine does, by operator. */
export function verdicts(profile: HardwareProfile, shapes: readonly Checked[]): readonly OperatorCheck[] {
  return [...new Set(shapes.map(({ operator }) => operator))].map((operator) => {
    const own = shapes.filter((each) => each.operator === operator);
    const errors = own.map(({ predicted, measured }) => Math.abs(predicted / measured - 1));
    const mapePercent = (100 * errors.reduce((sum, error) => sum + error, 0)) / own.length;
    const fit = profile.fits.find((each) => each.operator === operator);
    const allowedPercent = Math.max(ALLOWED_PERCENT, 2 * (fit?.mapePercent ?? 0));
    return { operator, shapes: own.length, mapePercent, allowedPercent, holds: mapePercent <= allowedPercent };
  });
}
