import * as z from "zod";
import { InputError } from "../core/check.js";

function wholeFrom(least: number) {
  const error = `expected a whole number from ${least}`;
  return z.int({ error }).min(least, { error });
}

const count = wholeFrom(1);
const countOrNone = wholeFrom(0);
const flag = z.boolean({ error: "expected true or false" });
const LAYER_TYPES = ["full_attention", "sliding_attention"] as const;
const layerType = z.enum(LAYER_TYPES, {
  error: `expected ${LAYER_TYPES.join(" or ")}: only layers of attention are simulated`,
});

/** Keys of a Hugging Face config.json that decide an architecture. Others are ignored. */
export const CONFIG = z.looseObject({
  num_hidden_layers: count,
  hidden_size: count,
  intermediate_size: count,
  num_attention_heads: count,
  num_key_value_heads: count.nullish(),
  head_dim: count.nullish(),
  vocab_size: count,
  max_position_embeddings: count,
  tie_word_embeddings: flag.default(false),
  attention_bias: flag.default(false),
  qkv_bias: flag.default(true),
  sliding_window: countOrNone.nullish(),
  use_sliding_window: flag.nullish(),
  max_window_layers: countOrNone.nullish(),
  sliding_window_pattern: count.nullish(),
  layer_types: z.array(layerType, { error: "expected a list of layer types" }).nullish(),
});

const leadingLayers = z
  .array(countOrNone, { error: "expected a list of layer numbers" })
  .refine((layers) => layers.every((layer, index) => layer === index), {
    error: "expected the first layers of the model in order, as [0, 1], or []",
  });
const everyLayer = z.literal(1, { error: "expected 1: each layer after the first dense ones has experts" });

export const MIXTRAL_EXPERTS = z.looseObject({ num_local_experts: count, num_experts_per_tok: count });
export const QWEN_EXPERTS = z.looseObject({
  num_experts: count,
  num_experts_per_tok: count,
  moe_intermediate_size: count,
  shared_expert_intermediate_size: countOrNone.default(0),
  mlp_only_layers: leadingLayers.default([]),
  decoder_sparse_step: everyLayer.default(1),
});
export const DEEPSEEK_EXPERTS = z.looseObject({
  n_routed_experts: count,
  num_experts_per_tok: count,
  moe_intermediate_size: count,
  n_shared_experts: countOrNone.nullish(),
  first_k_dense_replace: countOrNone.default(0),
  moe_layer_freq: everyLayer.default(1),
  topk_method: z.string({ error: "expected a text" }).nullish(),
});
export const LATENT = z.looseObject({
  q_lora_rank: countOrNone.nullish(),
  kv_lora_rank: count,
  qk_rope_head_dim: count,
  qk_nope_head_dim: count,
  v_head_dim: count,
});

/** Checks `json` and turns the first problem into an InputError that names file, key, value and what is allowed. */
export function checked<T>(schema: z.ZodType<T>, json: unknown, path: string): T {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  if (issue === undefined) throw new InputError(path, "is not a model configuration");
  const value = valueAt(json, issue.path);
  const where = issue.path.length === 0 ? path : `${path} ${issue.path.map(String).join(".")}`;
  const found = value === undefined ? "is missing" : `${shown(value)} is not allowed`;
  throw new InputError(where, `${found}; ${issue.message}`);
}

function valueAt(json: unknown, keys: readonly PropertyKey[]): unknown {
  let value = json;
  for (const key of keys) value = isRecord(value) ? value[String(key)] : undefined;
  return value;
}

/** A value as text for a message, shortened. */
export function shown(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
