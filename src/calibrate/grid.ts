import { InputError } from "../core/check.js";
import { denseGemms } from "../cost/gemms.js";
import type { ModelShape } from "../model/model-shape.js";
import type { KernelInfo, KernelRunner, Sizes } from "./kernel-runner.js";
import type { Point } from "./measure.js";

/** Which shapes of which kernels are measured. */
export interface GridSettings {
  readonly model: ModelShape;
  readonly quick: boolean; // fewer and smaller shapes, still enough of each operator for a fit
  readonly kernels: readonly string[] | undefined; // undefined: all that the device runs
  readonly mostBytes: number; // of one input set
  readonly mostFlops: number; // of one run
}

type Axes = Readonly<Record<string, readonly number[]>>;

const powers = (from: number, to: number, factor = 2): readonly number[] => {
  const values: number[] = [];
  for (let value = from; value <= to; value *= factor) values.push(Math.round(value));
  return values;
};

/** Between the powers of two as well: tiles and waves end there. */
const FULL_M = [...powers(1, 8192), ...powers(24, 6144)].sort((a, b) => a - b);
const QUICK_M = [1, 2, 4, 8, 16, 32, 64, 96, 128, 192, 256];

/** From what a launch takes to several times what caches hold. */
const VARIED: Readonly<Record<"full" | "quick", Axes>> = {
  full: {
    bytes: powers(4096, 2 ** 32),
    sequences: powers(1, 256),
    context: powers(16, 131072),
    tokens: powers(1, 16384),
    budget: [512, 1024, 2048],
    gpus: [2, 4, 8],
  },
  quick: {
    bytes: powers(4096, 2 ** 26, Math.SQRT2).map((bytes) => 16 * Math.round(bytes / 16)),
    sequences: powers(1, 32),
    context: powers(64, 16384),
    tokens: powers(1, 2048),
    budget: [512, 1024],
    gpus: [2],
  },
};
const PREFILL: Readonly<Record<"full" | "quick", Axes>> = {
  full: {
    sequences: [1, 2, 4, 8],
    tokens: powers(16, 8192),
    context: [0, 512, 2048, 8192, 32768],
  },
  quick: {
    sequences: [1, 2, 4],
    tokens: powers(16, 512),
    context: [0, 256, 1024],
  },
};
/** Policies are for long contexts: below them they do what dense attention does. */
const POLICY: Readonly<Record<"full" | "quick", Axes>> = {
  full: { sequences: [1, 2, 4, 8, 32, 128], context: powers(1024, 131072), prompt: [128] },
  quick: { sequences: [1, 2, 4, 16], context: powers(512, 16384), prompt: [128] },
};
const POLICIES = new Set(["page-scores", "top-pages", "quest-step", "raas-step", "h2o-attention"]);
const COUNTED = powers(1, 1024); // launches, nodes of a graph
/** A comparison beside a library's, and what tests the emulation. */
const ONLY_ON_REQUEST = new Set(["own-gemm", "instructions"]);

/** How a cache is stored, lies and is shared out: as engines have it first, then every so-manyth shape in other ways. */
const CACHES: readonly { readonly every: number; readonly sizes: Sizes }[] = [
  { every: 1, sizes: { kvFormat: 0, scattered: 1, ragged: 0 } },
  { every: 1, sizes: { kvFormat: 1, scattered: 1, ragged: 0 } },
  { every: 2, sizes: { kvFormat: 0, scattered: 1, ragged: 1 } },
  { every: 4, sizes: { kvFormat: 0, scattered: 0, ragged: 0 } },
];

/** All points that the device can hold, kernel by kernel in the order of the addon's table. */
export function grid(runner: KernelRunner, settings: GridSettings): readonly Point[] {
  const { backend } = runner.device;
  return runner.kernels
    .filter(({ backends }) => backends.includes(backend))
    .filter(({ name }) =>
      settings.kernels === undefined ? !ONLY_ON_REQUEST.has(name) : settings.kernels.includes(name),
    )
    .flatMap((kernel) => points(kernel, settings))
    .filter(({ sizes }) => chooses(sizes))
    .filter((point) => possible(runner, point, settings));
}

/** A budget that holds the whole context leaves nothing to choose, which is another and shorter way through a kernel. */
function chooses({ budget, context }: Sizes): boolean {
  return budget === undefined || context === undefined || budget < context;
}

/** Whether a kernel takes a shape, and the device can hold it and end it in time. */
function possible(runner: KernelRunner, { kernel, sizes }: Point, { mostBytes, mostFlops }: GridSettings): boolean {
  try {
    const { setBytes, flops } = runner.work(kernel, sizes);
    return setBytes <= mostBytes && flops <= mostFlops;
  } catch (cause) {
    if (cause instanceof InputError) return false; // as a budget above the context
    throw cause;
  }
}

function points(kernel: KernelInfo, settings: GridSettings): readonly Point[] {
  const { name, sizes } = kernel;
  const all = sizes.includes("n") ? products(settings) : product(sizes, axesOf(kernel, settings));
  const known = CACHES.map((cache) => ({
    every: cache.every,
    sizes: Object.fromEntries(Object.entries(cache.sizes).filter(([size]) => sizes.includes(size))),
  }));
  // A kernel that does not tell two caches apart is measured once.
  const caches = known.filter(
    (cache, i) => known.findIndex((other) => JSON.stringify(other.sizes) === JSON.stringify(cache.sizes)) === i,
  );
  return (settings.quick ? caches.slice(0, 1) : caches).flatMap((cache) =>
    all.filter((_, i) => i % cache.every === 0).map((each) => ({ kernel: name, sizes: { ...each, ...cache.sizes } })),
  );
}

/** The matrix products of a model on one GPU and of its head. */
function products({ model, quick }: GridSettings): readonly Sizes[] {
  const shapes = new Map<string, Sizes>();
  const head = { n: model.vocabularySize, k: model.hiddenSize };
  for (const { n, k } of [...denseGemms(model, 1), head]) shapes.set(`${n} ${k}`, { n, k });
  return [...shapes.values()].flatMap((shape) => (quick ? QUICK_M : FULL_M).map((m) => ({ m, ...shape })));
}

function axesOf({ name, sizes }: KernelInfo, { model, quick }: GridSettings): Axes {
  const size = quick ? "quick" : "full";
  const { hiddenSize, intermediateSize, queryHeads, kvHeads, headDim, vocabularySize } = model;
  const attends = sizes.includes("sequences");
  return {
    ...VARIED[size],
    ...(attends && sizes.includes("tokens") ? PREFILL[size] : {}),
    ...(POLICIES.has(name) ? POLICY[size] : {}),
    // An append does not read what is cached, which would only take the memory of further input sets.
    ...(name === "kv-append" ? { context: [0], sequences: powers(1, quick ? 8 : 64) } : {}),
    // Its time is decided by its budget, whatever came before.
    ...(name === "raas-step" ? { budget: [...powers(256, 4096), ...powers(384, 3072)] } : {}),
    launches: COUNTED,
    nodes: COUNTED,
    // Several widths, so that what a token costs and what a byte costs are told apart.
    hiddenSize: [hiddenSize, hiddenSize / 2],
    intermediateSize: [intermediateSize, intermediateSize / 2],
    vocabularySize: [1, 2, 4, 8].map((part) => 4 * Math.floor(vocabularySize / part / 4)),
    queryHeads: attends ? [queryHeads] : [queryHeads, queryHeads / 2],
    kvHeads: [kvHeads],
    headDim: [headDim],
    topPercent: [100],
  };
}

/** Every combination of the values of those sizes that have an axis. */
function product(sizes: readonly string[], axes: Axes): readonly Sizes[] {
  let all: readonly Sizes[] = [{}];
  for (const name of sizes) {
    const values = axes[name];
    // No limit: filters cost by what they are, not by the bytes that they read.
    if (name === "topK") all = all.map((each) => ({ ...each, [name]: each["vocabularySize"] ?? 0 }));
    else if (values !== undefined) all = all.flatMap((each) => values.map((value) => ({ ...each, [name]: value })));
  }
  return all;
}
