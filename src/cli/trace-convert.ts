import { mergedTrace } from "../attention/merged-trace.js";
import { wasmKernel } from "../attention/wasm-kernel.js";
import { InputError } from "../core/check.js";
import type { AttentionTrace } from "../trace/attention-trace.js";
import { recodedTrace } from "../trace/recode-trace.js";
import { traceForm, type TraceForm } from "./trace-forms.js";

export interface Conversion {
  readonly form: TraceForm;
  /** As given, undefined if not. */
  readonly groupReduction: "mean" | "max" | undefined;
  readonly pageBounds: boolean | undefined;
}

/** A trace in another form. Throws InputError for a form that it does not hold enough for, and for options without effect. */
export function convertedTrace(
  trace: AttentionTrace,
  { form, groupReduction, pageBounds }: Conversion,
): AttentionTrace {
  const { metadata, channels } = trace;
  const { kind, dtype } = traceForm(form);
  const refuse = (flag: string, problem: string): never => {
    throw new InputError(`--${flag}`, problem);
  };
  if (kind === "qkv") {
    if (metadata.kind === "scores")
      refuse("to", `${form} is not possible: a scores trace has no queries, keys and values`);
    if (groupReduction !== undefined) refuse("group-reduction", "is for scores; queries are not merged");
    if (pageBounds !== undefined) refuse("page-bounds", "is for scores; a qkv trace has its keys");
    return trace;
  }
  const scoreCoding = dtype === "U8" ? "log2-u8" : "linear";
  if (metadata.kind === "qkv") {
    const options = { groupReduction: groupReduction ?? "mean", scoreCoding, pageBounds: pageBounds ?? true } as const;
    return mergedTrace(trace, options, wasmKernel);
  }
  if (groupReduction !== undefined && groupReduction !== metadata.groupReduction) {
    const by = metadata.groupReduction ?? "mean";
    refuse("group-reduction", `${groupReduction} is not possible: the query heads of this trace are merged by ${by}`);
  }
  if (pageBounds === true && !channels.has("page-bounds")) {
    refuse("page-bounds", "is not possible: this trace has neither page bounds nor the keys to compute them");
  }
  return recodedTrace(trace, scoreCoding, pageBounds ?? true);
}
