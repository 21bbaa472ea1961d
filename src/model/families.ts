/** How the configurations of one `model_type` are to be read, where the file does not say. */
export interface Family {
  /** Which windows hold where `layer_types` is absent; "flag": only with use_sliding_window, from max_window_layers on. */
  readonly windows: "none" | "all" | "flag" | "alternating" | "pattern";
  /** qkv: always biases on q, k, v; flag: `attention_bias` puts them on q, k, v and output. */
  readonly bias: "none" | "qkv" | "flag";
  readonly qkNorm: boolean;
  readonly experts: "none" | "mixtral" | "qwen" | "gpt-oss" | "deepseek";
  readonly normsPerLayer?: number;
  /** Values that the family's configuration class takes for keys that the file leaves out (transformers 4.57). */
  readonly defaults: Readonly<Record<string, unknown>>;
}

const DENSE: Family = { windows: "none", bias: "none", qkNorm: false, experts: "none", defaults: {} };
const DEEPSEEK: Family = { ...DENSE, bias: "flag", experts: "deepseek" };
const GEMMA: Family = { ...DENSE, bias: "flag", defaults: { tie_word_embeddings: true, head_dim: 256 } };

/** The decoders we know, by `model_type`. */
export const FAMILIES: Readonly<Record<string, Family>> = {
  llama: { ...DENSE, bias: "flag" },
  granite: { ...DENSE, bias: "flag" },
  mistral: { ...DENSE, windows: "all" },
  ministral: { ...DENSE, windows: "all" },
  phi3: { ...DENSE, windows: "all" },
  mixtral: { ...DENSE, windows: "all", experts: "mixtral" },
  qwen2: { ...DENSE, windows: "flag", bias: "qkv" },
  qwen2_moe: { ...DENSE, windows: "flag", bias: "qkv", experts: "qwen" },
  qwen3: { ...DENSE, windows: "flag", bias: "flag", qkNorm: true },
  qwen3_moe: { ...DENSE, windows: "flag", bias: "flag", qkNorm: true, experts: "qwen" },
  gpt_oss: {
    ...DENSE,
    windows: "alternating",
    bias: "flag",
    experts: "gpt-oss",
    defaults: { attention_bias: true, head_dim: 64 },
  },
  deepseek_v2: DEEPSEEK,
  deepseek_v3: DEEPSEEK,
  kimi_k2: DEEPSEEK,
  gemma: GEMMA,
  gemma2: { ...GEMMA, windows: "alternating", normsPerLayer: 4 },
  gemma3_text: {
    ...GEMMA,
    windows: "pattern",
    qkNorm: true,
    normsPerLayer: 4,
    defaults: {
      ...GEMMA.defaults,
      vocab_size: 262208,
      num_attention_heads: 8,
      num_key_value_heads: 4,
      max_position_embeddings: 131072,
      sliding_window_pattern: 6,
    },
  },
};
