import * as z from "zod";
import { InputError } from "../core/check.js";
import { isRecord, shown } from "./config-schema.js";

const number = (error: string) => z.number({ error }).nullish();

const GENERATION_CONFIG = z.looseObject({
  top_k: number("expected a number"),
  top_p: number("expected a number"),
});

/**
 * Whether a generation_config.json asks for top-k or top-p, which vLLM then samples with (vllm/config/model.py,
 * get_diff_sampling_param). `path` names the file in messages. Throws InputError.
 */
export function filtersLogits(json: unknown, path: string): boolean {
  if (!isRecord(json)) throw new InputError(path, `${shown(json)} is not allowed; expected an object`);
  const parsed = GENERATION_CONFIG.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new InputError(`${path} ${issue?.path.join(".") ?? ""}`, issue?.message ?? "is not allowed");
  }
  return (parsed.data.top_k ?? 0) > 0 || (parsed.data.top_p ?? 1) < 1;
}
