import * as z from "zod";

const SOURCED = 'expected { "value": a number, "source": a key of sources }';

interface Range {
  readonly above?: number; // exclusive
  readonly from?: number; // inclusive
  readonly to?: number; // inclusive
  readonly whole?: boolean;
}

/** A number with its source; only the number is kept. */
function sourced(range: Range) {
  return withSource(inRange(range)).transform(({ value }) => value);
}

function withSource<T extends z.ZodType>(value: T) {
  return z.strictObject(
    { value, source: z.string({ error: "expected a key of sources" }) },
    { error: (issue) => (issue.code === "unrecognized_keys" ? "known are value, source" : SOURCED) },
  );
}

function inRange({ above, from, to, whole = false }: Range) {
  const least = above === undefined ? `from ${from ?? 0}` : `above ${above}`;
  const error = `expected a ${whole ? "whole " : ""}number ${least}${to === undefined ? "" : ` to ${to}`}`;
  return z
    .number({ error })
    .refine(
      (value) =>
        (above === undefined ? value >= (from ?? 0) : value > above) &&
        (to === undefined || value <= to) &&
        (!whole || Number.isInteger(value)),
      { error },
    );
}

const seconds = sourced({ from: 0, to: 10 });
const share = sourced({ above: 0, to: 1 });
const positive = sourced({ above: 0 });
const text = z.string({ error: "expected a text" }).min(1, { error: "expected a text" });

function block<T extends z.ZodRawShape>(fields: T) {
  const keys = Object.keys(fields).join(", ");
  return z.strictObject(fields, {
    error: (issue) => (issue.code === "unrecognized_keys" ? `known are ${keys}` : `expected an object of ${keys}`),
  });
}

/** Blocks that a datasheet profile may leave out. */
const EFFICIENCIES = {
  gemm: block({
    computeEfficiency: share,
    bandwidthEfficiency: share,
    p: sourced({ from: 1, to: 100 }),
    fixedSeconds: seconds,
  }),
  decodeAttention: block({
    fixedSeconds: seconds,
    coefficient: positive,
    exponent: sourced({ above: 0, to: 1 }),
    maxBandwidthEfficiency: share,
  }),
  prefillAttention: block({ fixedSeconds: seconds, computeEfficiency: share, bandwidthEfficiency: share }),
  elementwise: block({ layerSeconds: seconds, bandwidthEfficiency: share }),
  allReduce: block({ fixedSeconds: seconds, bytesPerSecond: positive }),
};

export const EFFICIENCY_KEYS = Object.keys(EFFICIENCIES) as readonly (keyof typeof EFFICIENCIES)[];

const KINDS = ["datasheet", "fitted", "measured"] as const;

/** null where the device has no tensor cores for it. */
const peakOrNull = withSource(inRange({ above: 0 }).nullable()).transform(({ value }) => value);

/** A profile's JSON. In and out differ only in { value, source }, of which the value remains. */
export const PROFILE = block({
  name: text,
  title: text,
  kind: z.enum(KINDS, { error: `expected one of ${KINDS.join(", ")}` }),
  memoryBytes: positive,
  bandwidthBytesPerSecond: positive,
  peakFlops: block({ bf16: positive, fp8: peakOrNull }),
  idlePowerW: sourced({ from: 0 }),
  peakPowerW: positive,
  pricePerHour: sourced({ from: 0 }),
  gpusPerNode: sourced({ from: 1, whole: true }),
  interconnectBytesPerSecond: positive.optional(), // one direction, of one GPU
  gemm: EFFICIENCIES.gemm.optional(),
  decodeAttention: EFFICIENCIES.decodeAttention.optional(),
  prefillAttention: EFFICIENCIES.prefillAttention.optional(),
  elementwise: EFFICIENCIES.elementwise.optional(),
  allReduce: EFFICIENCIES.allReduce.optional(),
  sources: z.record(z.string(), text, { error: "expected an object of source keys and what they stand for" }),
  notes: z.array(text, { error: "expected a list of texts" }).default([]),
});

export type ProfileFields = z.output<typeof PROFILE>;
