import * as z from "zod";
import { InputError } from "../core/check.js";

/**
 * Kernel times as a calibration measures them: a shape and its seconds. Counts are of one GPU. A line of JSON each in the
 * samples of a calibration; published tables are read into the same.
 */

const count = z.number().int().min(1);
const seconds = z.number().positive();
const kvFormat = z.enum(["bf16", "fp8"]);

/** Of a calibration: how the pages of the cache lie, whether sequences differ in length, and that caches held no input. */
const calibrated = {
  pages: z.enum(["contiguous", "scattered"]).optional(),
  ragged: z.boolean().optional(),
  cold: z.literal(true).optional(),
};
/** Kernels of the addon without a form of their own. */
export const STREAMING = [
  "copy",
  "own-gemm",
  "instructions",
  "kv-append",
  "rms-norm",
  "rope",
  "silu-mul",
  "sampling",
  "page-scores",
  "top-pages",
  "quest-step",
  "raas-step",
  "h2o-attention",
  "launch",
  "graph",
  "peer-copy",
] as const;

const heads = { queryHeads: count, kvHeads: count, headDim: count, window: count.nullable() };

const SAMPLE = z.discriminatedUnion("operator", [
  z.strictObject({
    operator: z.literal("gemm"),
    format: z.enum(["bf16", "fp8", "fp8-block"]),
    m: count,
    n: count,
    k: count,
    seconds,
  }),
  z.strictObject({
    operator: z.literal("decode-attention"),
    kvFormat,
    sequences: count,
    context: count, // keys of a sequence, that of its new token included
    ...heads,
    ...calibrated,
    seconds,
  }),
  z.strictObject({
    operator: z.literal("prefill-attention"),
    kvFormat,
    sequences: count,
    tokens: count, // new, of a sequence
    context: z.number().int().min(0), // cached before them
    ...heads,
    ...calibrated,
    seconds,
  }),
  z.strictObject({
    operator: z.literal("moe"),
    format: z.enum(["bf16", "fp8", "fp8-block", "int4"]),
    tokens: count,
    experts: count,
    expertsPerToken: count,
    hiddenSize: count,
    expertSize: count,
    balanced: z.boolean(),
    seconds,
  }),
  z.strictObject({
    operator: z.literal("all-reduce"),
    kernel: z.enum(["ring", "custom"]),
    gpus: z.number().int().min(2),
    bytes: count,
    seconds,
  }),
  // Kernels bound by the bytes that they stream or by their launch: told by what a run must do at least.
  z.strictObject({
    operator: z.enum(STREAMING),
    sizes: z.record(z.string(), z.number().int().min(0)),
    bytes: z.number().min(0),
    flops: z.number().min(0),
    seconds,
  }),
]);

export type KernelSample = z.output<typeof SAMPLE>;
export type SampleOf<O extends KernelSample["operator"]> = Extract<KernelSample, { operator: O }>;

/** A line of samples: what was measured when and where, or a sample, with the statistics of a calibration beside it. */
export interface SampleLine {
  readonly where: string; // for messages
  readonly calibration: unknown; // undefined: a sample
  readonly sample: KernelSample | undefined;
  readonly measured: unknown; // of the sample
}

/** Samples of a calibration, one JSON object a line. Throws InputError with the line. */
export function readSamples(text: string, path: string): readonly KernelSample[] {
  return samplesOf(sampleLines(text, path));
}

/** What the lines say of each shape: all samples, or the least of it where that stands for a shape (several rounds on a CPU). */
export function samplesOf(lines: readonly SampleLine[]): readonly KernelSample[] {
  const samples = lines.flatMap(({ sample }) => (sample === undefined ? [] : [sample]));
  const ofLeast = lines.some(
    ({ calibration }) => (calibration as { statistic?: unknown } | undefined)?.statistic === "least",
  );
  if (!ofLeast) return samples;
  const shapes = new Map<string, KernelSample>();
  for (const sample of samples) {
    const shape = JSON.stringify({ ...sample, seconds: 0 });
    const before = shapes.get(shape);
    if (before === undefined || sample.seconds < before.seconds) shapes.set(shape, sample);
  }
  return [...shapes.values()];
}

/** All lines that are not empty. Throws InputError with the line. */
export function sampleLines(text: string, path: string): readonly SampleLine[] {
  return text.split("\n").flatMap((line, i) => (line.trim() === "" ? [] : [sampleLine(line, `${path} line ${i + 1}`)]));
}

function sampleLine(line: string, where: string): SampleLine {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    throw new InputError(where, "is not JSON; expected a kernel sample a line");
  }
  if (typeof json === "object" && json !== null && "calibration" in json)
    return { where, calibration: json.calibration, sample: undefined, measured: undefined };
  const { measured, ...rest } = Object(json) as Record<string, unknown>;
  const parsed = SAMPLE.safeParse(rest);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new InputError(`${where} ${issue?.path.join(".") ?? ""}`.trimEnd(), issue?.message ?? "is no kernel sample");
  }
  return { where, calibration: undefined, sample: parsed.data, measured };
}
