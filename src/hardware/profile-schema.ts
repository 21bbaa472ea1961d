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

const ratio = sourced({ above: 0, to: 100 });
const sharpness = sourced({ from: 1, to: 100 });
const flag = z.boolean({ error: "expected true or false" });

const GEMM = block({
  launchSeconds: seconds,
  bandwidthEfficiency: share,
  p: sharpness,
  operandBandwidth: ratio,
  stepSeconds: seconds,
  tileSeconds: seconds,
  splitSeconds: seconds,
  partialTraffic: sourced({ from: 0, to: 100 }),
  sustainedEfficiency: share,
  persistent: flag,
  exactRows: flag.optional(),
});

const SCALED_GEMM = block({
  launchSeconds: seconds,
  quantisationTraffic: sourced({ from: 0, to: 100 }),
  bandwidthEfficiency: share,
  p: sharpness,
  stepSeconds: seconds,
  waveSeconds: seconds,
  tileSeconds: seconds,
  sustainedEfficiency: share,
});

const FORMATS = ["bf16", "fp8"] as const;
const attentionCase = {
  headDim: sourced({ from: 1, whole: true }),
  kvFormat: z.enum(FORMATS, { error: `expected one of ${FORMATS.join(", ")}` }),
};

const KERNEL = 'expected a kernel of "flash-attention-2" or "flash-attention-3"';

const DECODE = z.discriminatedUnion(
  "kernel",
  [
    block({
      kernel: z.literal("flash-attention-2"),
      ...attentionCase,
      launchSeconds: seconds,
      groupSeconds: seconds,
      gatherSeconds: seconds,
      headSeconds: seconds,
      blockSeconds: seconds,
      startBlocks: ratio,
      splitSeconds: seconds,
      partSeconds: seconds,
      bandwidthEfficiency: share,
      p: sharpness,
    }),
    block({
      kernel: z.literal("flash-attention-3"),
      ...attentionCase,
      launchSeconds: seconds,
      sequenceSeconds: seconds,
      tileSeconds: seconds,
      exposedShare: share,
      blockSeconds: seconds,
      splitSeconds: seconds,
      splitBlocks: ratio,
      windowSeconds: seconds,
      bandwidthEfficiency: share,
      cacheBandwidth: ratio,
      p: sharpness,
    }),
  ],
  { error: KERNEL },
);

const prefillTiles = {
  ...attentionCase,
  launchSeconds: seconds,
  tileSeconds: seconds,
  blockSeconds: seconds,
  longestShare: share,
  balance: sharpness,
  bandwidthEfficiency: share,
  writeSeconds: seconds,
  writeMoreSeconds: seconds,
};

const PREFILL = z.discriminatedUnion(
  "kernel",
  [
    block({ kernel: z.literal("flash-attention-2"), ...prefillTiles }),
    block({
      kernel: z.literal("flash-attention-3"),
      ...prefillTiles,
      wideSeconds: seconds,
      unevenShare: sourced({ from: 0, to: 10 }),
      queryTraffic: sourced({ from: 0, to: 100 }),
    }),
  ],
  { error: KERNEL },
);

const SHAPE = "expected texts such as E=8,N=7168";
const TUNED_MOE = block({
  shapes: z.array(z.string({ error: SHAPE }).regex(/^E=\d+,N=\d+$/, { error: SHAPE }), { error: SHAPE }),
  computeEfficiency: share,
  crowdedBandwidthEfficiency: share,
});

const MOE = block({
  launchSeconds: seconds,
  tokenSeconds: seconds,
  computeEfficiency: share,
  bandwidthEfficiency: share,
  crowdedBandwidthEfficiency: share,
  p: sharpness,
  paddingRows: sourced({ from: 0, to: 256 }),
  activationTraffic: sourced({ from: 0, to: 100 }),
  spread: share,
  tuned: TUNED_MOE.nullable(),
});

const ALL_REDUCE = block({
  ring: block({
    latencySeconds: seconds,
    bulkLatencySeconds: seconds,
    gpuSeconds: seconds,
    bytesPerSecondOf2: positive,
    bytesPerSecondOf4: positive,
    bytesPerSecondOf8: positive,
    p: sourced({ above: 0, to: 100 }),
  }),
  custom: block({
    latencySeconds: seconds,
    gpuSeconds: seconds,
    oneShotBytesPerSecond: positive,
    twoShotSeconds: seconds,
    twoShotBytesPerSecond: positive,
  }).nullable(),
});

/** Blocks that a datasheet profile may leave out. */
const EFFICIENCIES = {
  gemm: block({ bf16: GEMM, fp8: SCALED_GEMM.nullable() }),
  decodeAttention: z.array(DECODE, { error: "expected a list of kernels" }).min(1),
  prefillAttention: z.array(PREFILL, { error: "expected a list of kernels" }).min(1),
  moe: block({ bf16: MOE, fp8: MOE.nullable(), int4: MOE.nullable() }),
  elementwise: block({ layerSeconds: seconds, bandwidthEfficiency: share }),
  allReduce: ALL_REDUCE,
};

export const EFFICIENCY_KEYS = Object.keys(EFFICIENCIES) as readonly (keyof typeof EFFICIENCIES)[];

const count = z.number({ error: "expected a number" }).min(0);
const percent = z.number({ error: "expected a number" });
const error = { heldOut: count, mapePercent: percent, biasPercent: percent, p90Percent: percent };
const FIT = block({
  operator: text,
  source: text,
  samples: count,
  ...error,
  classes: z.array(block({ name: text, ...error })),
  ranges: z.record(z.string(), z.tuple([z.number(), z.number()])),
}).transform(({ source: _source, ...fit }) => fit);

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
  interconnectBytesPerSecond: positive, // one direction, of one GPU
  multiprocessors: sourced({ from: 1, whole: true }),
  efficienciesOf: text.optional(), // name of the fitted profile that a datasheet or measured profile borrows from
  gemm: EFFICIENCIES.gemm.optional(),
  decodeAttention: EFFICIENCIES.decodeAttention.optional(),
  prefillAttention: EFFICIENCIES.prefillAttention.optional(),
  moe: EFFICIENCIES.moe.optional(),
  elementwise: EFFICIENCIES.elementwise.optional(),
  allReduce: EFFICIENCIES.allReduce.optional(),
  fits: z.array(FIT, { error: "expected a list of fits" }).default([]),
  sources: z.record(z.string(), text, { error: "expected an object of source keys and what they stand for" }),
  notes: z.array(text, { error: "expected a list of texts" }).default([]),
});
