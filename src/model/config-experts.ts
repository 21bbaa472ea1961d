import { InputError } from "../core/check.js";
import { checked, DEEPSEEK_EXPERTS, LATENT, MIXTRAL_EXPERTS, QWEN_EXPERTS, shown } from "./config-schema.js";
import type { Family } from "./families.js";
import type { ExpertShape, LatentAttentionShape } from "./model-shape.js";

type Json = Readonly<Record<string, unknown>>;

/** The experts that a configuration describes; undefined: none. */
export function expertShape(
  json: Json,
  path: string,
  kind: Family["experts"],
  intermediateSize: number,
  layers: number,
): ExpertShape | undefined {
  const shape = read(json, path, kind, intermediateSize);
  if (shape === undefined) return undefined;
  if (shape.expertsPerToken > shape.experts) {
    throw new InputError(
      `${path} num_experts_per_tok`,
      `${shape.expertsPerToken} is not allowed; expected at most the ${shape.experts} experts of a layer`,
    );
  }
  if (shape.denseLayers > layers) {
    throw new InputError(
      `${path} ${kind === "deepseek" ? "first_k_dense_replace" : "mlp_only_layers"}`,
      `${shape.denseLayers} is not allowed; expected at most the ${layers} layers of the model`,
    );
  }
  return shape;
}

function read(json: Json, path: string, kind: Family["experts"], intermediateSize: number): ExpertShape | undefined {
  switch (kind) {
    case "none":
      return undefined;
    case "mixtral":
      return mixtral(json, path, intermediateSize);
    case "gpt-oss":
      return { ...mixtral(json, path, intermediateSize), routerBias: true, expertBias: true };
    case "qwen":
      return qwen(json, path);
    case "deepseek":
      return json["n_routed_experts"] === null || json["n_routed_experts"] === undefined
        ? undefined
        : deepseek(json, path);
  }
}

/** Experts as large as the MLP that they replace, in each layer. */
function mixtral(json: Json, path: string, intermediateSize: number): ExpertShape {
  const perToken = json["num_experts_per_tok"] ?? json["experts_per_token"];
  const config = checked(MIXTRAL_EXPERTS, { ...json, num_experts_per_tok: perToken }, path);
  return {
    experts: config.num_local_experts,
    expertsPerToken: config.num_experts_per_tok,
    expertIntermediateSize: intermediateSize,
    sharedIntermediateSize: 0,
    denseLayers: 0,
  };
}

function qwen(json: Json, path: string): ExpertShape {
  const config = checked(QWEN_EXPERTS, json, path);
  return {
    experts: config.num_experts,
    expertsPerToken: config.num_experts_per_tok,
    expertIntermediateSize: config.moe_intermediate_size,
    sharedIntermediateSize: config.shared_expert_intermediate_size,
    denseLayers: config.mlp_only_layers.length,
  };
}

function deepseek(json: Json, path: string): ExpertShape {
  const config = checked(DEEPSEEK_EXPERTS, json, path);
  return {
    experts: config.n_routed_experts,
    expertsPerToken: config.num_experts_per_tok,
    expertIntermediateSize: config.moe_intermediate_size,
    sharedIntermediateSize: (config.n_shared_experts ?? 0) * config.moe_intermediate_size,
    denseLayers: config.first_k_dense_replace,
    // Balancing without an auxiliary loss corrects each expert's score (arXiv 2408.15664).
    ...(config.topk_method === "noaux_tc" ? { routerBias: true } : {}),
  };
}

/** Multi-head latent attention, where the configuration has a rank for keys and values. */
export function latentShape(json: Json, path: string, family: Family): LatentAttentionShape | undefined {
  if (family.experts !== "deepseek") {
    const rank = json["kv_lora_rank"];
    if (rank === null || rank === undefined) return undefined;
    throw new InputError(`${path} kv_lora_rank`, `${shown(rank)} is not allowed; latent attention is DeepSeek's alone`);
  }
  const config = checked(LATENT, json, path);
  return {
    queryRank: config.q_lora_rank ?? 0,
    kvRank: config.kv_lora_rank,
    ropeDim: config.qk_rope_head_dim,
    nopeDim: config.qk_nope_head_dim,
    valueDim: config.v_head_dim,
  };
}
