import { describe, expect, it } from "vitest";
import { InputError } from "../core/check.js";
import { parseModelConfig } from "./config.js";
import type { ModelShape } from "./model-shape.js";
import { MODELS } from "./shapes.js";
import { kvBytesPerTokenLayer, parameterCount } from "./size.js";

/** A configuration with the keys that every family has. */
function config(type: string, sizes: readonly number[], more: Record<string, unknown> = {}): Record<string, unknown> {
  const [layers, hidden, intermediate, heads, kvHeads, vocabulary, positions] = sizes;
  return {
    model_type: type,
    num_hidden_layers: layers,
    hidden_size: hidden,
    intermediate_size: intermediate,
    num_attention_heads: heads,
    num_key_value_heads: kvHeads,
    vocab_size: vocabulary,
    max_position_embeddings: positions,
    ...more,
  };
}

const LLAMA = config("llama", [32, 4096, 14336, 32, 8, 128256, 131072], {
  attention_bias: false,
  torch_dtype: "bfloat16",
});
const QWEN2 = config("qwen2", [28, 3584, 18944, 28, 4, 152064, 32768], {
  use_sliding_window: false,
  sliding_window: 131072,
  max_window_layers: 28,
  tie_word_embeddings: false,
});
const QWEN3_MOE = config("qwen3_moe", [48, 2048, 6144, 32, 4, 151936, 40960], {
  attention_bias: false,
  head_dim: 128,
  num_experts: 128,
  num_experts_per_tok: 8,
  moe_intermediate_size: 768,
  mlp_only_layers: [],
  decoder_sparse_step: 1,
  sliding_window: null,
  use_sliding_window: false,
});
const GPT_OSS = config("gpt_oss", [24, 2880, 2880, 64, 8, 201088, 131072], {
  attention_bias: true,
  head_dim: 64,
  layer_types: Array.from({ length: 24 }, (_, i) => (i % 2 === 0 ? "sliding_attention" : "full_attention")),
  num_local_experts: 32,
  experts_per_token: 4,
  quantization_config: { quant_method: "mxfp4", modules_to_not_convert: ["lm_head"] },
  sliding_window: 128,
});
const DEEPSEEK = config("deepseek_v3", [61, 7168, 18432, 128, 128, 129280, 163840], {
  attention_bias: false,
  first_k_dense_replace: 3,
  kv_lora_rank: 512,
  moe_intermediate_size: 2048,
  moe_layer_freq: 1,
  n_routed_experts: 256,
  n_shared_experts: 1,
  num_experts_per_tok: 8,
  num_nextn_predict_layers: 1,
  q_lora_rank: 1536,
  qk_nope_head_dim: 128,
  qk_rope_head_dim: 64,
  topk_method: "noaux_tc",
  v_head_dim: 128,
  quantization_config: { quant_method: "fp8", fmt: "e4m3", weight_block_size: [128, 128] },
});

/** All of a shape but where it came from and what stands in another file. */
function architecture(shape: ModelShape | undefined): object {
  return { ...shape, name: "", source: "", filtersLogits: undefined, penalisesRepetition: undefined };
}

describe("a configuration file", () => {
  it.each<[string, Record<string, unknown>]>([
    ["llama-3.1-8b", LLAMA],
    ["llama-2-7b", config("llama", [32, 4096, 11008, 32, 32, 32000, 4096])],
    ["mistral-7b", config("mistral", [32, 4096, 14336, 32, 8, 32000, 32768], { sliding_window: null })],
    [
      "mixtral-8x7b",
      config("mixtral", [32, 4096, 14336, 32, 8, 32000, 32768], { num_local_experts: 8, num_experts_per_tok: 2 }),
    ],
    ["qwen2.5-7b", QWEN2],
    ["qwen3-8b", config("qwen3", [36, 4096, 12288, 32, 8, 151936, 40960], { head_dim: 128, attention_bias: false })],
    ["qwen3-30b-a3b", QWEN3_MOE],
    ["gpt-oss-20b", GPT_OSS],
    ["deepseek-v3", DEEPSEEK],
  ])("of %s gives the built-in model", (name, json) => {
    expect(architecture(parseModelConfig(json, "config.json"))).toEqual(architecture(MODELS[name]));
  });

  it("is named by its folder, then by its file, then by itself", () => {
    expect(parseModelConfig(LLAMA, "models/My-Model/config.json")).toMatchObject({ name: "my-model" });
    expect(parseModelConfig(LLAMA, "My-Model.json").name).toBe("my-model");
    expect(parseModelConfig({ ...LLAMA, _name_or_path: "org/Base" }, "config.json").name).toBe("base");
    expect(parseModelConfig(LLAMA, "x/config.json").source).toBe("x/config.json");
  });

  it("of several modalities is read as its language model", () => {
    const outer = { model_type: "mistral3", text_config: { ...LLAMA, model_type: "mistral" }, vision_config: {} };
    expect(parseModelConfig(outer, "m.json").layers).toBe(32);
    const quantized = { ...outer, quantization_config: { quant_method: "awq", bits: 4 } };
    expect(parseModelConfig(quantized, "m.json").weightFormat).toBe("int4");
  });

  it("with images knows its encoder, and the table of angles that linear scaling stretches (Gemma 3 12B)", () => {
    const json = {
      model_type: "gemma3",
      mm_tokens_per_image: 256,
      text_config: {
        model_type: "gemma3_text",
        hidden_size: 3840,
        intermediate_size: 15360,
        num_attention_heads: 16,
        num_hidden_layers: 48,
        num_key_value_heads: 8,
        rope_scaling: { factor: 8, rope_type: "linear" },
        sliding_window: 1024,
      },
      vision_config: {
        hidden_size: 1152,
        image_size: 896,
        intermediate_size: 4304,
        num_hidden_layers: 27,
        patch_size: 14,
      },
    };
    expect(architecture(parseModelConfig(json, "config.json"))).toEqual(architecture(MODELS["gemma-3-12b"]));
    const merging = { ...json, mm_tokens_per_image: undefined };
    const pixels = (more: object): unknown =>
      parseModelConfig({ ...merging, ...more }, "config.json").encoder?.pixelsPerToken;
    const { vision_config } = json;
    expect(pixels({})).toBe(14 * 14 * 3);
    for (const more of [
      { spatial_merge_size: 2 },
      { vision_config: { ...vision_config, pixel_shuffle_ratio: 0.5 } },
      { vision_config: { ...vision_config, merge_kernel_size: [2, 2] } },
    ]) {
      expect(pixels(more)).toBe(28 * 28 * 3);
    }
  });

  it("without head counts takes the family's own (Gemma 3 4B)", () => {
    const text = {
      model_type: "gemma3_text",
      hidden_size: 2560,
      intermediate_size: 10240,
      num_hidden_layers: 34,
      sliding_window: 1024,
    };
    const shape = parseModelConfig({ model_type: "gemma3", text_config: text }, "g.json");
    expect(shape).toMatchObject({ queryHeads: 8, kvHeads: 4, headDim: 256, tiedEmbeddings: true, qkNorm: true });
    expect(shape.attention).toEqual([{ layers: 29, window: 1024 }, { layers: 5 }]);
    expect(parameterCount(shape).total).toBe(3_880_099_328 + 64 * 2560); // the table holds 64 rows of padding
  });

  it("of DeepSeek-V2-Lite has a latent cache and no query rank", () => {
    const json = config("deepseek_v2", [27, 2048, 10944, 16, 16, 102400, 163840], {
      first_k_dense_replace: 1,
      n_routed_experts: 64,
      n_shared_experts: 2,
      moe_intermediate_size: 1408,
      num_experts_per_tok: 6,
      kv_lora_rank: 512,
      q_lora_rank: null,
      topk_method: "greedy",
      qk_nope_head_dim: 128,
      qk_rope_head_dim: 64,
      v_head_dim: 128,
    });
    const shape = parseModelConfig(json, "v2.json");
    expect(parameterCount(shape).total).toBe(15_706_484_224); // as its checkpoint states
    expect(kvBytesPerTokenLayer(shape, "bf16", 8)).toBe(1152);
  });
});

describe("a sliding window", () => {
  const mistral = { ...LLAMA, model_type: "mistral", sliding_window: 4096 };
  it("holds in all layers of Mistral 0.1 and Phi-3", () => {
    expect(parseModelConfig(mistral, "m.json").attention).toEqual([{ layers: 32, window: 4096 }]);
    expect(parseModelConfig({ ...mistral, model_type: "phi3" }, "m.json").attention).toEqual([
      { layers: 32, window: 4096 },
    ]);
  });
  it("holds in the later layers of Qwen, if it is used at all", () => {
    const used = { ...QWEN2, use_sliding_window: true, max_window_layers: 20, sliding_window: 4096 };
    expect(parseModelConfig(used, "q.json").attention).toEqual([{ layers: 8, window: 4096 }, { layers: 20 }]);
    expect(parseModelConfig({ ...used, use_sliding_window: false }, "q.json").attention).toEqual([{ layers: 28 }]);
  });
  it("alternates in Gemma 2 and gpt-oss without layer_types", () => {
    const gemma = { ...LLAMA, model_type: "gemma2", num_hidden_layers: 3, sliding_window: 4096 };
    expect(parseModelConfig(gemma, "g.json").attention).toEqual([{ layers: 2, window: 4096 }, { layers: 1 }]);
  });
  it("is nothing in Llama", () => {
    expect(parseModelConfig({ ...LLAMA, sliding_window: 4096 }, "l.json").attention).toEqual([{ layers: 32 }]);
  });
});

describe("a quantised checkpoint", () => {
  const groups = (bits: number) => ({ config_groups: { group_0: { weights: { num_bits: bits } } } });
  it.each<[Record<string, unknown>, string]>([
    [{ quant_method: "fp8" }, "fp8"],
    [{ quant_method: "gptq", bits: 4 }, "int4"],
    [{ quant_method: "bitsandbytes", load_in_4bit: true }, "int4"],
    [{ quant_method: "compressed-tensors", ...groups(8) }, "fp8"],
    [{ quant_method: "compressed-tensors", ...groups(4) }, "int4"],
  ])("%j is read as %s", (quantization, format) => {
    expect(parseModelConfig({ ...LLAMA, quantization_config: quantization }, "l.json").weightFormat).toBe(format);
  });
});

describe("a bad configuration", () => {
  const without = (key: string) => Object.fromEntries(Object.entries(LLAMA).filter(([name]) => name !== key));
  it.each<[unknown, string]>([
    [[], "bad.json: [] is not allowed; expected the object of a config.json"],
    [{}, "bad.json model_type: is missing; expected a decoder of attention layers: llama, "],
    [
      { ...LLAMA, model_type: "mamba2", architectures: ["Mamba2ForCausalLM"] },
      '"mamba2" (Mamba2ForCausalLM) is not supported',
    ],
    [{ ...LLAMA, model_type: "toString" }, '"toString" is not supported'],
    [{ model_type: "t5", is_encoder_decoder: true }, 'bad.json is_encoder_decoder: "t5" has an encoder'],
    [without("hidden_size"), "bad.json hidden_size: is missing; expected a whole number from 1"],
    [{ ...LLAMA, hidden_size: "4096" }, 'hidden_size: "4096" is not allowed; expected a whole number from 1'],
    [{ ...LLAMA, num_hidden_layers: 0 }, "num_hidden_layers: 0 is not allowed"],
    [{ ...LLAMA, vocab_size: 1.5 }, "vocab_size: 1.5 is not allowed"],
    [{ ...LLAMA, num_key_value_heads: 5 }, "num_key_value_heads: 5 is not allowed; expected a divisor of the 32"],
    [{ ...LLAMA, num_attention_heads: 24, num_key_value_heads: 8 }, "head_dim: is missing, and hidden_size 4096"],
    [{ ...GPT_OSS, layer_types: ["full_attention"] }, "a list of 1 is not allowed; expected 24 entries"],
    [{ ...GPT_OSS, sliding_window: null }, "sliding_window: is missing"],
    [
      { ...LLAMA, layer_types: ["linear_attention"] },
      'layer_types.0: "linear_attention" is not allowed; expected full_attention',
    ],
    [{ ...QWEN3_MOE, mlp_only_layers: [5] }, "mlp_only_layers: [5] is not allowed; expected the first layers"],
    [{ ...QWEN3_MOE, num_experts_per_tok: 200 }, "num_experts_per_tok: 200 is not allowed; expected at most the 128"],
    [{ ...DEEPSEEK, kv_lora_rank: undefined }, "kv_lora_rank: is missing"],
    [{ ...DEEPSEEK, first_k_dense_replace: 99 }, "first_k_dense_replace: 99 is not allowed"],
    [
      { ...LLAMA, quantization_config: { quant_method: "hqq" } },
      'quantization_config.quant_method: "hqq" is not allowed',
    ],
    [
      { ...LLAMA, quantization_config: { quant_method: "gptq", bits: 3 } },
      "quantization_config.bits: 3 is not allowed",
    ],
    [{ model_type: "mistral3", text_config: { ...LLAMA, hidden_size: -1 } }, "bad.json text_config hidden_size: -1"],
  ])("%# is refused in words", (json, message) => {
    const parse = () => parseModelConfig(json, "bad.json");
    expect(parse).toThrow(InputError);
    expect(parse).toThrow(message);
  });
});
