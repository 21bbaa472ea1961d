import type { DecodeKernel, HardwareProfile, PrefillKernel } from "../hardware/profile.js";
import type { KvFormat, ModelShape } from "../model/model-shape.js";
import { kvBytesPerTokenLayer } from "../model/size.js";
import { tabulate, type Piece } from "./attention-curve.js";
import type { PrefillChunk } from "./cost-model.js";
import { decodeAttentionSeconds, decodeBends, KEY_BLOCK, type DecodeWork } from "./decode-attention-time.js";
import type { ExtraWork } from "./extra-work.js";
import { prefillAttentionSeconds, type PrefillWork } from "./prefill-attention-time.js";

type MutableDecodeWork = DecodeWork & { tokens: number };
type MutablePrefillWork = PrefillWork & { chunks: PrefillWork["chunks"]; window: number };

/** Share of the peak that the products inside decode attention reach; they decide only for latent attention. A guess. */
export const DECODE_COMPUTE_EFFICIENCY = 0.5;

/**
 * Share of the peak bandwidth at which kernels go through a cache from end to end, unlike short element-wise ones: copies
 * on the device reach 0.78-0.85 on an A100 PCIe 40 GB (bandwidthTest, jdh4/della-gpu-A100) and 0.78 on an H100 NVL
 * (BabelStream 5.0).
 */
const STREAM_EFFICIENCY = 0.8;

/** How far apart two tables of one form may lie that are each within 0.5 % of it. */
const TABLES_APART = 1.005 / 0.995;

/** Attention of one layer on one GPU: decode as tables over tokens read, prefill, policy work per token. */
export class AttentionCost {
  readonly kvBytes: number; // one token in one layer on one GPU
  readonly decodeFlops: number; // per token read
  readonly #profile: HardwareProfile;
  readonly #heads: { readonly queryHeads: number; readonly kvHeads: number };
  readonly #prefillWork: MutablePrefillWork; // one object serves every step
  readonly #decodeDim: number;
  readonly #decodeKernels: readonly DecodeKernel[];
  readonly #prefillKernel: PrefillKernel;
  readonly #tp: number;
  readonly #alone: AttentionCost | undefined; // all of it on one GPU, where that bounds what a share of it takes

  constructor(model: ModelShape, profile: HardwareProfile, format: KvFormat, tp: number) {
    this.#profile = profile;
    this.kvBytes = kvBytesPerTokenLayer(model, format, tp);
    const queryHeads = model.queryHeads / tp;
    const latent = model.latent;
    // Decode with a latent cache multiplies queries with the latent itself; prefill expands it to heads first.
    this.decodeFlops =
      latent === undefined ? 4 * queryHeads * model.headDim : 2 * queryHeads * (2 * latent.kvRank + latent.ropeDim);
    this.#decodeDim = model.headDim;
    this.#heads = { queryHeads, kvHeads: latent === undefined ? Math.ceil(model.kvHeads / tp) : 1 };
    this.#prefillWork = {
      sequences: 1,
      chunks: [],
      queryHeads,
      kvHeads: latent === undefined ? this.#heads.kvHeads : queryHeads,
      // Of queries and keys, or its mean with that of values.
      headDim: latent === undefined ? model.headDim : (latent.nopeDim + latent.ropeDim + latent.valueDim) / 2,
      window: Infinity,
      kvBytes: this.kvBytes,
    };
    // Whatever an 8-bit cache costs beyond its bytes, an engine can read it as it reads 16 bits: never slower.
    const formats: readonly KvFormat[] = format === "fp8" ? ["fp8", "bf16"] : ["bf16"];
    this.#decodeKernels = formats.map((each) => nearest(profile.decodeAttention, model.headDim, each));
    this.#prefillKernel = nearest(profile.prefillAttention, model.headDim, format);
    this.#tp = tp;
    const waves = tp > 1 && this.#decodeKernels.some(({ kernel }) => kernel === "flash-attention-2");
    this.#alone = waves ? new AttentionCost(model, profile, format, 1) : undefined;
  }

  /** Seconds of a layer where `sequences` read `tokens` tokens together; those of a windowed layer read a block more. */
  decodeSeconds(sequences: number, tokens: number, window: number): number {
    return this.#decodeSeconds(this.#decodeWork(sequences, window), tokens, window);
  }

  /** The same for `layers` layers, as pieces over tokens. */
  decodeTable(layers: number, sequences: number, window: number): readonly Piece[] {
    const work = this.#decodeWork(sequences, window);
    const works = this.#alone === undefined ? [work] : [work, this.#alone.#decodeWork(sequences, window)];
    const bends = works.flatMap((each) => decodeBends(each, this.#profile));
    return tabulate((tokens) => layers * this.#decodeSeconds(work, tokens, window), bends);
  }

  /**
   * Writes into `work`: a table asks a hundred times. Waves of thread blocks make one GPU slower than its share: of
   * FlashAttention-2 on an A100, 256 sequences' heads take 2.5 times as long as 128, which are split. No deployment is
   * believed to gain more than GPUs from that.
   */
  #decodeSeconds(work: MutableDecodeWork, tokens: number, window: number): number {
    const own = this.#kernelSeconds(work, tokens, window);
    if (this.#alone === undefined) return own;
    return Math.max(own, (TABLES_APART * this.#alone.decodeSeconds(work.sequences, tokens, window)) / this.#tp);
  }

  #kernelSeconds(work: MutableDecodeWork, tokens: number, window: number): number {
    work.tokens = window === Infinity ? tokens : tokens * (1 + KEY_BLOCK / window);
    let seconds = Infinity;
    for (const kernel of this.#decodeKernels)
      seconds = Math.min(seconds, decodeAttentionSeconds(work, this.#profile, kernel));
    const computing = (tokens * this.decodeFlops) / (DECODE_COMPUTE_EFFICIENCY * this.#profile.peakFlops.bf16);
    return Math.max(seconds, computing);
  }

  #decodeWork(sequences: number, window: number): MutableDecodeWork {
    return {
      sequences,
      tokens: 0,
      ...this.#heads,
      headDim: this.#decodeDim,
      kvBytes: this.kvBytes,
      windowed: window < Infinity,
      cachedBytes: 0, // layers in between have replaced it
    };
  }

  /** Of one launch. */
  get launchSeconds(): number {
    return Math.min(...this.#decodeKernels.map(({ launchSeconds }) => launchSeconds));
  }

  /** The chunks of a step in one layer; a window bounds the keys of each query. */
  prefillSeconds(chunks: readonly PrefillChunk[], window: number): number {
    const work = this.#prefillWork;
    work.chunks = chunks;
    work.window = window;
    return prefillAttentionSeconds(work, this.#profile, this.#prefillKernel);
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
    return STREAM_EFFICIENCY * this.#profile.bandwidthBytesPerSecond;
  }
}

/** The kernel measured at the nearest head size, in the cache format if there is one. */
function nearest<K extends DecodeKernel | PrefillKernel>(kernels: readonly K[], headDim: number, format: KvFormat): K {
  const distance = (kernel: K): number =>
    Math.abs(Math.log(kernel.headDim / headDim)) + (kernel.kvFormat === format ? 0 : 1000);
  return kernels.reduce((best, kernel) => (distance(kernel) < distance(best) ? kernel : best));
}
