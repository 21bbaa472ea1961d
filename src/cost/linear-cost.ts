import type { HardwareProfile } from "../hardware/profile.js";
import type { ModelShape, WeightFormat } from "../model/model-shape.js";
import { linearBytesPerParameter } from "../model/size.js";
import { gemmSeconds } from "./gemm-time.js";
import { denseGemms, type Gemm } from "./gemms.js";
import { activeExperts, moeSeconds, type MoeWork } from "./moe-time.js";
import { scaledGemmSeconds } from "./scaled-gemm-time.js";

/** FLOPs and bytes of a step's matrix products on one GPU, and their time. */
export interface LinearWork {
  readonly flops: number;
  readonly bytes: number;
  readonly seconds: number;
}

const ACTIVATION_BYTES = 2;

/** Matrix products of all layers for a number of tokens, and the LM head for those that emit, on one of `tp` GPUs. */
export class LinearCost {
  readonly #gemms: readonly Gemm[];
  readonly #dense: DenseFormat;
  readonly #head: DenseFormat;
  readonly #expertFormat: "bf16" | "fp8" | "int4";
  readonly #expertBytesPerWeight: number;
  readonly peakFlops: number;
  readonly #profile: HardwareProfile;
  readonly #model: ModelShape;
  readonly #tp: number;

  constructor(model: ModelShape, profile: HardwareProfile, format: WeightFormat, tp: number) {
    this.#profile = profile;
    this.#model = model;
    this.#tp = tp;
    this.#gemms = denseGemms(model, tp);
    this.#dense = denseFormat(profile, format);
    this.#head = denseFormat(profile, "bf16");
    this.#expertBytesPerWeight = linearBytesPerParameter(format);
    this.#expertFormat = format === "mxfp4" ? "int4" : format;
    this.peakFlops = this.#dense.peakFlops;
  }

  layers(tokens: number): LinearWork {
    let flops = 0;
    let bytes = 0;
    let seconds = 0;
    for (const { n, k, layers } of this.#gemms) {
      const one = this.#product(tokens, n, k, this.#dense);
      flops += layers * one.flops;
      bytes += layers * one.bytes;
      seconds += layers * one.seconds;
    }
    const experts = this.#experts(tokens);
    return { flops: flops + experts.flops, bytes: bytes + experts.bytes, seconds: seconds + experts.seconds };
  }

  head(emitting: number): LinearWork {
    const vocabulary = this.#model.vocabularySize / this.#tp;
    return this.#product(emitting, vocabulary, this.#model.hiddenSize, this.#head);
  }

  /** Routed experts: grouped products over those that are hit. */
  #experts(tokens: number): LinearWork {
    const shape = this.#model.experts;
    if (shape === undefined || tokens === 0) return { flops: 0, bytes: 0, seconds: 0 };
    const layers = this.#model.layers - shape.denseLayers;
    const { moe } = this.#profile;
    const work: MoeWork = {
      tokens,
      experts: shape.experts,
      expertsPerToken: shape.expertsPerToken,
      hiddenSize: this.#model.hiddenSize,
      expertSize: shape.expertIntermediateSize / this.#tp,
      balanced: false,
      weightBytes: this.#expertBytesPerWeight,
      peakFlops: this.peakFlops,
    };
    const kernel = (this.#expertFormat === "bf16" ? null : moe[this.#expertFormat]) ?? moe.bf16;
    const weights = 3 * work.hiddenSize * work.expertSize;
    return {
      flops: layers * 2 * tokens * work.expertsPerToken * weights,
      bytes: layers * activeExperts(work, kernel.spread) * weights * work.weightBytes,
      seconds: layers * moeSeconds(work, this.#profile, kernel),
    };
  }

  #product(m: number, n: number, k: number, dense: DenseFormat): LinearWork {
    if (m === 0) return { flops: 0, bytes: 0, seconds: 0 };
    const { weightBytes, inputBytes, seconds } = dense;
    return {
      flops: 2 * m * n * k,
      bytes: k * n * weightBytes + inputBytes * m * k + ACTIVATION_BYTES * m * n,
      seconds: seconds(m, n, k),
    };
  }
}

/** In what a dense product multiplies, and its kernel. */
interface DenseFormat {
  readonly weightBytes: number;
  readonly inputBytes: number;
  readonly peakFlops: number;
  readonly seconds: (m: number, n: number, k: number) => number;
}

function denseFormat(profile: HardwareProfile, format: WeightFormat): DenseFormat {
  const weightBytes = linearBytesPerParameter(format === "mxfp4" ? "bf16" : format);
  const { gemm, peakFlops } = profile;
  const { fp8 } = gemm;
  // Weights of 4 bits are unpacked and multiplied in 16; fp8 multiplies in fp8 where the device can.
  if (format !== "fp8" || peakFlops.fp8 === null || fp8 === null) {
    const inputBytes = ACTIVATION_BYTES;
    const { bf16 } = peakFlops;
    const seconds = (m: number, n: number, k: number): number =>
      gemmSeconds({ m, n, k, inputBytes, weightBytes, peakFlops: bf16 }, profile, gemm.bf16);
    return { weightBytes, inputBytes, peakFlops: bf16, seconds };
  }
  const peak = peakFlops.fp8;
  const seconds = (m: number, n: number, k: number): number =>
    scaledGemmSeconds({ m, n, k, peakFlops: peak }, profile, fp8);
  return { weightBytes, inputBytes: 1, peakFlops: peak, seconds };
}
