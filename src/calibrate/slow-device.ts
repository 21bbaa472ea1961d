import type { HardwareProfile } from "../hardware/profile.js";
import type { OperatorForm, ParameterRange } from "./operator-form.js";
import type { KernelSample } from "./sample.js";

/** bf16 FLOP/s of a multiprocessor of an H100 SXM, for which the forms' ranges of seconds are stated. */
const STATED_FLOPS = 989e12 / 132;
/** Within this factor the ranges are wide enough. */
const ALIKE = 8;

/** A form whose search allows for a device with far slower parts, as the cores of a CPU are: times begin and end later. */
export function suited<S extends KernelSample>(form: OperatorForm<S>, device: HardwareProfile): OperatorForm<S> {
  const slower = STATED_FLOPS / (device.peakFlops.bf16 / device.multiprocessors);
  if (slower < ALIKE) return form;
  const range = (name: string, { start, min, max }: ParameterRange): ParameterRange =>
    name.endsWith("Seconds") ? { start: start * slower, min, max: max * slower } : { start, min, max };
  return {
    ...form,
    parameters: Object.fromEntries(
      Object.entries(form.parameters).map(([name, stated]) => [name, range(name, stated)]),
    ),
  };
}
