import * as z from "zod";
import { InputError } from "../core/check.js";
import { isRecord, shown } from "./config-schema.js";

const number = (error: string) => z.number({ error }).nullish();

const GENERATION_CONFIG = z.looseObject({
  top_k: number("expected a number"),
  top_p: number("expected a number"),
  repetition_penalty: number("expected a number"),
});

/**
 * What a generation_config.json asks for that vLLM then samples with: top-k or top-p, a repetition penalty (vllm/config/model.py,
 * get_diff_sampling_param). `path` names the file in messages. Throws InputError.
 */
export function samplingDefaults(
  json: unknown,
  path: string,
): { readonly filtersLogits: boolean; readonly penalisesRepetition: boolean } {
  if (!isRecord(json)) throw new InputError(path, `${shown(json)} is not allowed; expected an object`);
  const parsed = GENERATION_CONFIG.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new InputError(`${path} ${issue?.path.join(".") ?? ""}`, issue?.message ?? "is not allowed");
  }
  const { top_k, top_p, repetition_penalty } = parsed.data;
  return { filtersLogits: (top_k ?? 0) > 0 || (top_p ?? 1) < 1, penalisesRepetition: (repetition_penalty ?? 1) !== 1 };
}
