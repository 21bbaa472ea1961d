import * as z from "zod";
import { InputError } from "../core/check.js";

/**
 * Kernel times as a calibration measures them: a shape and its seconds. Counts are of one GPU. A line of JSON each in the
 * samples of a calibration; published tables are read into the same.
 */

const count = z.number().int().min(1);
const seconds = z.number().positive();
const kvFormat = z.enum(["bf16", "fp8"]);

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
    seconds,
  }),
  z.strictObject({
    operator: z.literal("prefill-attention"),
    kvFormat,
    sequences: count,
    tokens: count, // new, of a sequence
    context: z.number().int().min(0), // cached before them
    ...heads,
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
]);

export type KernelSample = z.output<typeof SAMPLE>;
export type SampleOf<O extends KernelSample["operator"]> = Extract<KernelSample, { operator: O }>;

/** Samples of a calibration, one JSON object a line. Throws InputError with the line. */
export function readSamples(text: string, path: string): readonly KernelSample[] {
  const samples: KernelSample[] = [];
  text.split("\n").forEach((line, i) => {
    if (line.trim() === "") return;
    const where = `${path} line ${i + 1}`;
    let json: unknown;
    try {
      json = JSON.parse(line);
    } catch {
      throw new InputError(where, "is not JSON; expected a kernel sample a line");
    }
    const parsed = SAMPLE.safeParse(json);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw new InputError(
        `${where} ${issue?.path.join(".") ?? ""}`.trimEnd(),
        issue?.message ?? "is no kernel sample",
      );
    }
    samples.push(parsed.data);
  });
  return samples;
}
