import { InputError } from "../core/check.js";
import { openTrace } from "../trace/open-trace.js";
import type { TensorPlace } from "../trace/safetensors.js";
import type { Flags } from "./flags.js";
import { fileSource } from "./file-source.js";
import { outputFlags } from "./output.js";
import { recordingPath } from "./recordings.js";
import { syntheticShape } from "./synth-flags.js";
import { TRACE_FORMS } from "./trace-forms.js";
import { choiceFlag, countFlag, indicesFlag, requiredTextFlag } from "./value-flags.js";

/** What `raas-sim trace` does with its flags. */

export async function runTraceInfo(flags: Flags): Promise<void> {
  const output = outputFlags(flags);
  const layers = indicesFlag(flags, "layers");
  const { printInfo } = await import("./trace-info.js");
  await printInfo(recordingPath(String(flags["file"])), layers, output);
}

export async function runTraceCheck(flags: Flags): Promise<void> {
  const { printCheck } = await import("./trace-check.js");
  printCheck(recordingPath(String(flags["file"])), flags["json"] === true);
}

export async function runTraceSlice(flags: Flags): Promise<void> {
  const layers = indicesFlag(flags, "layers");
  const out = requiredTextFlag(flags, "out", "the file to write");
  const source = fileSource(recordingPath(String(flags["file"])));
  try {
    const trace = openTrace(source);
    const { stepsWanted } = await import("./trace-steps.js");
    const steps = stepsWanted(flags, trace.metadata);
    if (layers === undefined && steps === undefined) {
      throw new InputError("slice", "nothing to cut: give --layers, --steps or --tokens");
    }
    const { sliceTrace } = await import("../trace/slice-trace.js");
    const { writeTrace } = await import("./write-trace-file.js");
    const part = { ...(layers === undefined ? {} : { layers }), ...(steps === undefined ? {} : { steps }) };
    const { readHeader } = await import("../trace/safetensors.js");
    const { tensors } = readHeader(source);
    // Each tensor as it is stored: a slice has no others.
    await writeTrace(out, sliceTrace(trace, part), ({ name }) => (tensors.get(name) as TensorPlace).dtype);
  } finally {
    source.close();
  }
}

export async function runTraceConvert(flags: Flags): Promise<void> {
  const form = choiceFlag(flags, "to", TRACE_FORMS);
  if (form === undefined) throw new InputError("--to", `is missing: one of ${TRACE_FORMS.join(", ")}`);
  const groupReduction = choiceFlag(flags, "group-reduction", ["mean", "max"]);
  const pageBounds = flags["page-bounds"] as boolean | undefined;
  const out = requiredTextFlag(flags, "out", "the file to write");
  const source = fileSource(recordingPath(String(flags["file"])));
  try {
    const { convertedTrace } = await import("./trace-convert.js");
    const { traceForm } = await import("./trace-forms.js");
    const { preferring } = await import("../trace/write-trace.js");
    const { writeTrace } = await import("./write-trace-file.js");
    const converted = convertedTrace(openTrace(source), { form, groupReduction, pageBounds });
    await writeTrace(out, converted, preferring(traceForm(form).dtype));
  } finally {
    source.close();
  }
}

export async function runTraceSynth(flags: Flags): Promise<void> {
  const seed = countFlag(flags, "seed", 0, Number.MAX_SAFE_INTEGER) ?? 0;
  const shape = syntheticShape(flags);
  const out = requiredTextFlag(flags, "out", "the file to write");
  const { syntheticTrace } = await import("../trace/synthetic-trace.js");
  const { preferring } = await import("../trace/write-trace.js");
  const { writeTrace } = await import("./write-trace-file.js");
  await writeTrace(out, syntheticTrace(seed, shape), preferring("F16"));
}
