import type { HardwareProfile } from "../hardware/profile.js";
import type { KvFormat, ModelShape } from "../model/model-shape.js";
import { kvBytesPerTokenLayer } from "../model/size.js";
import type { ExtraWork } from "./extra-work.js";
import { tabulate, type Piece } from "./attention-curve.js";

/** Share of the peak that the products inside decode attention reach; they decide only for latent attention. */
export const DECODE_COMPUTE_EFFICIENCY = 0.5;

/** Attention of one layer on one GPU: decode as a table over tokens read, prefill chunk by chunk, policy work per token. */
export class AttentionCost {
  readonly kvBytes: number; // one token in one layer on one GPU
  readonly decodeFlops: number; // per token read
  readonly #prefillFlops: number; // per pair of query and key
  readonly #profile: HardwareProfile;

  constructor(model: ModelShape, profile: HardwareProfile, format: KvFormat, tp: number) {
    this.#profile = profile;
    this.kvBytes = kvBytesPerTokenLayer(model, format, tp);
    const heads = model.queryHeads / tp;
    const latent = model.latent;
    // Decode with a latent cache multiplies queries with the latent itself; prefill expands it to heads first.
    this.decodeFlops =
      latent === undefined ? 4 * heads * model.headDim : 2 * heads * (2 * latent.kvRank + latent.ropeDim);
    this.#prefillFlops =
      latent === undefined
        ? 4 * heads * model.headDim
        : 2 * heads * (latent.nopeDim + latent.ropeDim + latent.valueDim);
  }

  /** Seconds of `layers` layers that read x tokens each, without the launch, which costs nothing if nothing is read. */
  decodeTable(layers: number): readonly Piece[] {
    const { coefficient, exponent, maxBandwidthEfficiency } = this.#profile.decodeAttention;
    const bandwidth = maxBandwidthEfficiency * this.#profile.bandwidthBytesPerSecond;
    const flops = DECODE_COMPUTE_EFFICIENCY * this.#profile.peakFlops.bf16;
    const fitted = coefficient * (this.kvBytes / 1e6) ** exponent; // seconds of one token, which grow by the exponent
    const limit = Math.max(this.kvBytes / bandwidth, this.decodeFlops / flops); // seconds a token at least
    const bend = (fitted / limit) ** (1 / (1 - exponent));
    return tabulate((tokens) => layers * Math.max(fitted * tokens ** exponent, limit * tokens), bend);
  }

  get decodeFixedSeconds(): number {
    return this.#profile.decodeAttention.fixedSeconds;
  }

  /** One chunk in one layer; a window bounds the keys of each query. */
  prefillSeconds(tokens: number, context: number, window: number): number {
    const { fixedSeconds, computeEfficiency, bandwidthEfficiency } = this.#profile.prefillAttention;
    const flops = this.#prefillFlops * queryKeyPairs(tokens, context, window);
    const keys = Math.min(context + tokens, window + tokens);
    return (
      fixedSeconds +
      flops / (computeEfficiency * this.#profile.peakFlops.bf16) +
      (keys * this.kvBytes) / (bandwidthEfficiency * this.#profile.bandwidthBytesPerSecond)
    );
  }

  /** Seconds a layer and token scored: page representatives are read once. */
  scoreSeconds(work: ExtraWork, indexPageTokens: number): number {
    if (indexPageTokens === 0) return 0;
    return (work.representativeShare * this.kvBytes) / indexPageTokens / this.#streamBandwidth;
  }

  /** Seconds a layer and token read, beyond attention itself. */
  extraReadSeconds(work: ExtraWork, model: ModelShape, tp: number, budget: number): number {
    const heads = model.queryHeads / tp;
    const kvHeads = Math.ceil(model.kvHeads / tp);
    let bytes = 0;
    let flops = 0;
    if (work.materialisesScores) bytes += 4 * (2 * heads + 2 * kvHeads); // write and read scores; read and write sums
    if (work.compressEverySteps > 0) {
      bytes += this.kvBytes / 2 / work.compressEverySteps; // keys once more
      if (work.comparesKeys) flops += (2 * kvHeads * model.headDim * budget) / work.compressEverySteps;
    }
    const compute = flops / (DECODE_COMPUTE_EFFICIENCY * this.#profile.peakFlops.bf16);
    return bytes / this.#streamBandwidth + compute;
  }

  /** Seconds a layer and cached token to read it and write it elsewhere. */
  get copySeconds(): number {
    return (2 * this.kvBytes) / this.#streamBandwidth;
  }

  get #streamBandwidth(): number {
    return this.#profile.elementwise.bandwidthEfficiency * this.#profile.bandwidthBytesPerSecond;
  }
}

/** Pairs that causal attention computes: query i of a chunk sees context + i keys, at most `window`. */
export function queryKeyPairs(tokens: number, context: number, window: number): number {
  const unbounded = Math.min(tokens, Math.max(0, window - context)); // queries that see everything before them
  return (
    unbounded * context + (unbounded * (unbounded + 1)) / 2 + (tokens - unbounded) * Math.min(window, context + tokens)
  );
}
