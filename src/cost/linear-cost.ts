import type { HardwareProfile } from "../hardware/profile.js";
import type { ModelShape, WeightFormat } from "../model/model-shape.js";
import { linearBytesPerParameter } from "../model/size.js";
import { activeExperts, denseGemms, type Gemm } from "./gemms.js";

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
  readonly #bytesPerWeight: number; // of dense layers
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
    this.#bytesPerWeight = linearBytesPerParameter(format === "mxfp4" ? "bf16" : format);
    this.#expertBytesPerWeight = linearBytesPerParameter(format);
    // Weights of 4 bits are unpacked and multiplied in 16; fp8 multiplies in fp8 where the device can.
    this.peakFlops = format === "fp8" ? (profile.peakFlops.fp8 ?? profile.peakFlops.bf16) : profile.peakFlops.bf16;
  }

  layers(tokens: number): LinearWork {
    let flops = 0;
    let bytes = 0;
    let seconds = 0;
    for (const { n, k, layers } of this.#gemms) {
      const one = this.#product(tokens, n, k, this.#bytesPerWeight, this.peakFlops);
      flops += layers * one.flops;
      bytes += layers * one.bytes;
      seconds += layers * one.seconds;
    }
    const experts = this.#experts(tokens);
    return { flops: flops + experts.flops, bytes: bytes + experts.bytes, seconds: seconds + experts.seconds };
  }

  head(emitting: number): LinearWork {
    const vocabulary = this.#model.vocabularySize / this.#tp;
    return this.#product(emitting, vocabulary, this.#model.hiddenSize, 2, this.#profile.peakFlops.bf16);
  }

  /** Routed experts: a grouped product over those that are hit. */
  #experts(tokens: number): LinearWork {
    const shape = this.#model.experts;
    if (shape === undefined || tokens === 0) return { flops: 0, bytes: 0, seconds: 0 };
    const layers = this.#model.layers - shape.denseLayers;
    const size = shape.expertIntermediateSize / this.#tp;
    const weights = 3 * this.#model.hiddenSize * size;
    const pairs = tokens * shape.expertsPerToken;
    const active = activeExperts(shape.experts, shape.expertsPerToken, tokens);
    const flops = 2 * pairs * weights;
    const bytes =
      active * weights * this.#expertBytesPerWeight +
      pairs * ACTIVATION_BYTES * (2 * this.#model.hiddenSize + 3 * size);
    const seconds = this.#seconds(flops, bytes, this.peakFlops) + this.#profile.gemm.fixedSeconds; // two products
    return { flops: layers * flops, bytes: layers * bytes, seconds: layers * seconds };
  }

  #product(m: number, n: number, k: number, bytesPerWeight: number, peak: number): LinearWork {
    if (m === 0) return { flops: 0, bytes: 0, seconds: 0 };
    const flops = 2 * m * n * k;
    const bytes = k * n * bytesPerWeight + ACTIVATION_BYTES * (m * k + m * n);
    return { flops, bytes, seconds: this.#seconds(flops, bytes, peak) };
  }

  #seconds(flops: number, bytes: number, peak: number): number {
    const { computeEfficiency, bandwidthEfficiency, p, fixedSeconds } = this.#profile.gemm;
    const compute = flops / (computeEfficiency * peak);
    const memory = bytes / (bandwidthEfficiency * this.#profile.bandwidthBytesPerSecond);
    return (compute ** p + memory ** p) ** (1 / p) + fixedSeconds;
  }
}
