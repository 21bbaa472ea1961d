import { stream } from "../core/rng.js";
import type { HardwareProfile, OperatorFit, SizeClassFit } from "../hardware/profile.js";
import { errorFigures } from "./errors.js";
import { fitForm, rounded } from "./fit.js";
import type { OperatorForm, Values } from "./operator-form.js";
import type { KernelSample } from "./sample.js";

export interface FittedOperator {
  readonly values: Values; // fitted to all samples
  readonly fit: OperatorFit; // with the errors of another fit, that did not see the samples held out
}

/**
 * Fits one form twice: to a part of the shapes, whose errors on the others are reported, and to all, which is what a
 * profile gets. `holdout` is the share that is held out, by shape.
 */
export function fitOperator<S extends KernelSample>(
  form: OperatorForm<S>,
  samples: readonly S[],
  device: HardwareProfile,
  holdout: number,
  seed: number,
): FittedOperator {
  const random = stream(seed, `holdout ${form.name}`);
  const seen: S[] = [];
  const unseen: S[] = [];
  for (const sample of samples) (random() < holdout ? unseen : seen).push(sample);
  const trial = rounded(fitForm(form, seen, device, seed));
  const predicted = form.predictor(device, trial);
  const judged = unseen.map((sample) => ({
    size: form.size.of(sample),
    ratio: predicted(sample) / sample.seconds,
  }));
  const all = errorFigures(judged.map(({ ratio }) => ratio));
  return {
    values: rounded(fitForm(form, samples, device, seed)),
    fit: {
      operator: form.name,
      samples: samples.length,
      ...all,
      classes: classes(form.size, judged),
      ranges: ranges(form, samples),
    },
  };
}

function classes(
  { name, edges }: Pick<OperatorForm["size"], "name" | "edges">,
  judged: readonly { readonly size: number; readonly ratio: number }[],
): readonly SizeClassFit[] {
  return [...edges, Infinity].flatMap((to, i) => {
    const from = edges[i - 1] ?? -Infinity;
    const ratios = judged.filter(({ size }) => size > from && size <= to).map(({ ratio }) => ratio);
    const label = to === Infinity ? `${name} > ${from}` : `${name} <= ${to}`;
    return ratios.length === 0 ? [] : [{ name: label, ...errorFigures(ratios) }];
  });
}

function ranges<S extends KernelSample>({ shape }: OperatorForm<S>, samples: readonly S[]): OperatorFit["ranges"] {
  const found = new Map<string, [number, number]>();
  for (const sample of samples) {
    for (const [key, value] of Object.entries(shape(sample))) {
      const [least, most] = found.get(key) ?? [value, value];
      found.set(key, [Math.min(least, value), Math.max(most, value)]);
    }
  }
  return Object.fromEntries(found);
}
