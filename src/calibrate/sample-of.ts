import { InputError } from "../core/check.js";
import type { KernelWork, Sizes } from "./kernel-runner.js";
import type { Point } from "./measure.js";
import { STREAMING, type KernelSample } from "./sample.js";

/** A kernel of the addon at its sizes, as a sample that forms are fitted to. Throws InputError for a kernel without a meaning. */
export function sampleOf({ kernel, sizes }: Point, { bytes, flops }: KernelWork, seconds: number): KernelSample {
  const size = (name: string): number => sizes[name] ?? 0;
  switch (kernel) {
    case "gemm":
      return { operator: "gemm", format: "bf16", m: size("m"), n: size("n"), k: size("k"), seconds };
    case "decode-attention":
      return {
        operator: "decode-attention",
        sequences: size("sequences"),
        context: size("context"),
        ...heads(sizes),
        seconds,
      };
    case "prefill-attention":
      return {
        operator: "prefill-attention",
        sequences: size("sequences"),
        tokens: size("tokens"),
        context: size("context"),
        ...heads(sizes),
        seconds,
      };
    case "all-reduce":
      return { operator: "all-reduce", kernel: "ring", gpus: size("gpus"), bytes: size("bytes"), seconds };
    default: {
      const operator = STREAMING.find((name) => name === kernel);
      if (operator === undefined) throw new InputError(kernel, "is a kernel without a kind of sample");
      return { operator, sizes, bytes, flops, seconds };
    }
  }
}

function heads(sizes: Sizes) {
  return {
    kvFormat: sizes["kvFormat"] === 1 ? "fp8" : "bf16",
    queryHeads: sizes["queryHeads"] ?? 0,
    kvHeads: sizes["kvHeads"] ?? 0,
    headDim: sizes["headDim"] ?? 0,
    window: null,
    pages: sizes["scattered"] === 1 ? "scattered" : "contiguous",
    ragged: sizes["ragged"] === 1,
    cold: true,
  } as const;
}
