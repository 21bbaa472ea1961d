import { isRecord } from "./config-schema.js";
import type { EncoderShape } from "./model-shape.js";

type Json = Readonly<Record<string, unknown>>;

const COLOURS = 3;

/**
 * The image encoder that a configuration of several modalities describes; undefined without one, or where its sizes are
 * not stated. Parameters of its layers and of the embedding of patches; what joins it to the language model is left out.
 */
export function encoderShape(json: Json): EncoderShape | undefined {
  const vision = json["vision_config"];
  if (!isRecord(vision)) return undefined;
  const hidden = count(vision["hidden_size"]);
  const layers = count(vision["num_hidden_layers"]);
  const intermediate = count(vision["intermediate_size"]);
  const patch = count(vision["patch_size"]);
  if (hidden === undefined || layers === undefined || intermediate === undefined || patch === undefined)
    return undefined;
  const products = vision["model_type"] === "pixtral" ? 3 : 2; // gated, or not
  return {
    parameters: layers * (4 * hidden * hidden + products * hidden * intermediate) + COLOURS * patch * patch * hidden,
    pixelsPerToken: COLOURS * patch * patch * patchesPerToken(json, vision, patch),
  };
}

/** Patches that become one token of the language model; each family states it in its own way. */
function patchesPerToken(json: Json, vision: Json, patch: number): number {
  const tokens = count(json["mm_tokens_per_image"]); // Gemma 3
  const image = count(vision["image_size"]);
  if (tokens !== undefined && image !== undefined) return (image / patch) ** 2 / tokens;
  const kernel = vision["merge_kernel_size"]; // Kimi-VL
  if (Array.isArray(kernel)) return (count(kernel[0]) ?? 1) * (count(kernel[1]) ?? 1);
  const shuffle = vision["pixel_shuffle_ratio"]; // Llama 4
  if (typeof shuffle === "number" && shuffle > 0) return 1 / (shuffle * shuffle);
  return (count(json["spatial_merge_size"] ?? vision["spatial_merge_size"]) ?? 1) ** 2; // Mistral, Qwen-VL
}

function count(value: unknown): number | undefined {
  return typeof value === "number" && Number.isInteger(value) && value > 0 ? value : undefined;
}
