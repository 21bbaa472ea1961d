/** How many layers attend in one way. `window`: only that many newest tokens; undefined: all of them. */
export interface AttentionLayers {
  readonly layers: number;
  readonly window?: number;
}

/** Mixture of experts. Layers before `denseLayers` have an ordinary MLP of `intermediateSize`. */
export interface ExpertShape {
  readonly experts: number; // routed experts in a layer
  readonly expertsPerToken: number;
  readonly expertIntermediateSize: number;
  readonly sharedIntermediateSize: number; // of all shared experts of a layer together; 0: none
  readonly denseLayers: number;
  readonly routerBias?: boolean; // one value per expert added to the router's scores
  readonly expertBias?: boolean; // biases on gate, up and down of each expert
}

/** Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434): one latent of kvRank + ropeDim values a token and layer. */
export interface LatentAttentionShape {
  readonly queryRank: number; // 0: queries are not compressed
  readonly kvRank: number;
  readonly ropeDim: number;
  readonly nopeDim: number; // per query head, without the rotary part
  readonly valueDim: number;
}

/** What turns images into tokens. Its work is not simulated, only what it holds. */
export interface EncoderShape {
  readonly parameters: number;
  readonly pixelsPerToken: number; // values of the image, all colours, that become one token
}

/** In what the checkpoint stores its linear layers; embeddings, norms and LM head stay in 16 bits. */
export type WeightFormat = "bf16" | "fp8" | "int4" | "mxfp4";

/** In what the KV cache is stored. */
export type KvFormat = "bf16" | "fp8";

/** The architecture of a decoder, as its configuration file states it. Counts are of the whole model, before any split. */
export interface ModelShape {
  readonly name: string;
  readonly family: string; // `model_type` of the configuration: engines choose code paths by it
  readonly layers: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number; // of the dense MLP (gate, up, down)
  readonly queryHeads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly vocabularySize: number;
  readonly tiedEmbeddings: boolean;
  readonly attentionBias: boolean; // biases on q, k, v
  readonly outputBias: boolean; // bias on the attention's output projection
  readonly qkNorm: boolean; // RMSNorm per head on q and k
  readonly maxPositions: number; // longest context, tokens
  readonly rotaryPositions?: number; // of the table of rotary angles; undefined: maxPositions
  readonly attention: readonly AttentionLayers[]; // layers sum to `layers`
  readonly weightFormat: WeightFormat;
  readonly experts?: ExpertShape;
  readonly latent?: LatentAttentionShape;
  readonly encoder?: EncoderShape;
  readonly attentionSinks?: boolean; // one learned logit per query head
  readonly normsPerLayer?: number; // vectors of hiddenSize in a layer; undefined: 2 (Gemma 2 and 3 have 4)
  /** Its generation_config.json asks for top-k or top-p: what vLLM samples with unless a request says otherwise. */
  readonly filtersLogits?: boolean;
  /** It asks for a repetition_penalty other than 1. */
  readonly penalisesRepetition?: boolean;
  readonly source: string; // URL of the configuration
}
