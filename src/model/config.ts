import type * as z from "zod";
import { InputError } from "../core/check.js";
import { encoderShape } from "./config-encoder.js";
import { expertShape, latentShape } from "./config-experts.js";
import { weightFormatOf } from "./config-quantization.js";
import { checked, CONFIG, isRecord, shown } from "./config-schema.js";
import { attentionLayers } from "./config-windows.js";
import { FAMILIES, type Family } from "./families.js";
import type { LatentAttentionShape, ModelShape } from "./model-shape.js";

type Json = Readonly<Record<string, unknown>>;
type Config = z.infer<typeof CONFIG>;

/**
 * A model from its Hugging Face config.json. `path` names the file in messages and becomes name and source.
 * A model of several modalities is read as its language model (`text_config`). Throws InputError.
 */
export function parseModelConfig(json: unknown, path: string): ModelShape {
  if (!isRecord(json) || Array.isArray(json)) {
    throw new InputError(path, `${shown(json)} is not allowed; expected the object of a config.json`);
  }
  const nested = json["text_config"];
  const text = isRecord(nested) ? { ...shared(json), ...nested } : json;
  const where = isRecord(nested) ? `${path} text_config` : path;
  const family = familyOf(text, where);
  const full: Json = { ...family.defaults, ...withoutNulls(text) };
  const config = checked(CONFIG, full, where);
  const shape = shapeOf(config, full, family, where, path);
  const encoder = encoderShape(json);
  return encoder === undefined ? shape : { ...shape, encoder };
}

/** What a nested language model takes from the file around it. */
function shared(json: Json): Json {
  const keys = ["tie_word_embeddings", "quantization_config"];
  return Object.fromEntries(keys.filter((key) => key in json).map((key) => [key, json[key]]));
}

/** null means "as by default" in these files. */
function withoutNulls(json: Json): Json {
  return Object.fromEntries(Object.entries(json).filter(([, value]) => value !== null));
}

function familyOf(json: Json, path: string): Family {
  const type = json["model_type"];
  const allowed = `expected a decoder of attention layers: ${Object.keys(FAMILIES).join(", ")}`;
  if (json["is_encoder_decoder"] === true) {
    throw new InputError(`${path} is_encoder_decoder`, `${shown(type)} has an encoder; ${allowed}`);
  }
  if (type === undefined) throw new InputError(`${path} model_type`, `is missing; ${allowed}`);
  const family = typeof type === "string" && Object.hasOwn(FAMILIES, type) ? FAMILIES[type] : undefined;
  if (family !== undefined) return family;
  const architectures = json["architectures"];
  const named = Array.isArray(architectures) ? ` (${architectures.join(", ")})` : "";
  throw new InputError(`${path} model_type`, `${shown(type)}${named} is not supported; ${allowed}`);
}

function shapeOf(config: Config, json: Json, family: Family, where: string, path: string): ModelShape {
  const queryHeads = config.num_attention_heads;
  const kvHeads = config.num_key_value_heads ?? queryHeads;
  if (queryHeads % kvHeads !== 0) {
    throw new InputError(
      `${where} num_key_value_heads`,
      `${kvHeads} is not allowed; expected a divisor of the ${queryHeads} attention heads`,
    );
  }
  const latent = latentShape(json, where, family);
  const experts = expertShape(json, where, family.experts, config.intermediate_size, config.num_hidden_layers);
  const outputBias = family.bias === "flag" && config.attention_bias;
  return {
    name: modelName(json, path),
    family: String(json["model_type"]),
    layers: config.num_hidden_layers,
    hiddenSize: config.hidden_size,
    intermediateSize: config.intermediate_size,
    queryHeads,
    kvHeads,
    headDim: headDim(config, latent, where),
    vocabularySize: config.vocab_size,
    tiedEmbeddings: config.tie_word_embeddings,
    attentionBias: family.bias === "qkv" ? config.qkv_bias : outputBias,
    outputBias,
    qkNorm: family.qkNorm,
    maxPositions: config.max_position_embeddings,
    ...rotaryTable(config, json),
    attention: attentionLayers(config, family, where),
    weightFormat: weightFormatOf(json["quantization_config"], where),
    ...(experts === undefined ? {} : { experts }),
    ...(latent === undefined ? {} : { latent }),
    ...(family.experts === "gpt-oss" ? { attentionSinks: true } : {}),
    ...(family.normsPerLayer === undefined ? {} : { normsPerLayer: family.normsPerLayer }),
    source: path,
  };
}

/** Linear scaling stretches the table of angles; other scalings state the positions that they reach. */
function rotaryTable(config: Config, json: Json): Pick<ModelShape, "rotaryPositions"> {
  const scaling = json["rope_scaling"];
  if (!isRecord(scaling) || (scaling["rope_type"] ?? scaling["type"]) !== "linear") return {};
  const factor = scaling["factor"];
  return typeof factor === "number" && factor > 1
    ? { rotaryPositions: Math.round(config.max_position_embeddings * factor) }
    : {};
}

function headDim(config: Config, latent: LatentAttentionShape | undefined, path: string): number {
  if (latent !== undefined) return latent.nopeDim + latent.ropeDim;
  if (config.head_dim !== undefined && config.head_dim !== null) return config.head_dim;
  const dim = config.hidden_size / config.num_attention_heads;
  if (Number.isInteger(dim)) return dim;
  throw new InputError(
    `${path} head_dim`,
    `is missing, and hidden_size ${config.hidden_size} does not divide by num_attention_heads ${config.num_attention_heads}`,
  );
}

/** The folder of a config.json or the name of another file; a bare config.json may name itself. */
function modelName(json: Json, path: string): string {
  const parts = path.split(/[/\\]/).filter((part) => part !== "" && part !== "." && part !== "config.json");
  const own = json["_name_or_path"];
  const name = parts.at(-1) ?? (typeof own === "string" ? own.split("/").at(-1) : undefined) ?? "";
  return name === "" ? "config" : name.replace(/\.json$/, "").toLowerCase();
}
