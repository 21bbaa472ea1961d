import type { Dtype } from "../trace/safetensors.js";

/** What `trace convert` can write. */
const FORMS = {
  "qkv-f16": { kind: "qkv", dtype: "F16" },
  "qkv-bf16": { kind: "qkv", dtype: "BF16" },
  "scores-f16": { kind: "scores", dtype: "F16" },
  "scores-f32": { kind: "scores", dtype: "F32" },
  "scores-log2-u8": { kind: "scores", dtype: "U8" },
} as const satisfies Readonly<Record<string, { kind: "qkv" | "scores"; dtype: Dtype }>>;

export type TraceForm = keyof typeof FORMS;
export const TRACE_FORMS = Object.keys(FORMS) as readonly TraceForm[];

export function traceForm(name: TraceForm): { readonly kind: "qkv" | "scores"; readonly dtype: Dtype } {
  return FORMS[name];
}
