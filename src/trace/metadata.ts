import { InputError } from "../core/check.js";
import type { TraceMetadata } from "./attention-trace.js";

const FORMAT = "attention-trace";
const VERSION = "1";

const KINDS = ["qkv", "scores"] as const;
const REDUCTIONS = ["mean", "max"] as const;
const CODINGS = ["linear", "log2-u8"] as const;
const GENERATIONS = ["greedy", "sampled", "teacher-forced"] as const;
const MOST_TOKENS = 2 ** 30;

/** The metadata of a trace, all of whose values are strings in the file. Throws InputError naming the key and the value. */
export function parseMetadata(raw: Readonly<Record<string, string>>, source: string): TraceMetadata {
  const read = new Reader(raw, source);
  read.exactly("format", FORMAT);
  read.exactly("version", VERSION);
  const kind = read.choice("kind", KINDS);
  const layersTotal = read.count("layersTotal", 1, 100_000);
  const kvHeads = read.count("kvHeads", 1, 100_000);
  const queryHeads = read.count("queryHeads", 1, 100_000);
  if (queryHeads % kvHeads !== 0) throw read.wrong("queryHeads", `is not a multiple of kvHeads ${kvHeads}`);
  const totalTokens = read.count("totalTokens", 1, MOST_TOKENS);
  return {
    kind,
    model: read.text("model"),
    modelType: read.text("modelType"),
    layersTotal,
    queryHeads,
    kvHeads,
    headDim: read.count("headDim", 1, 65_536),
    layers: read.layers(layersTotal),
    promptTokens: read.count("promptTokens", 1, totalTokens),
    totalTokens,
    ...(kind === "qkv"
      ? { softmaxScale: read.positive("softmaxScale"), queryStart: read.queryStart() }
      : {
          groupReduction: read.choice("groupReduction", REDUCTIONS),
          scoreCoding: read.choice("scoreCoding", CODINGS),
        }),
    ...(read.has("logitSoftcap") ? { logitSoftcap: read.positive("logitSoftcap") } : {}),
    ...(read.has("slidingWindow") ? { slidingWindow: read.count("slidingWindow", 1, MOST_TOKENS) } : {}),
    generation: read.choice("generation", GENERATIONS),
    source: read.text("source"),
    sourceLicense: read.text("sourceLicense"),
    recorder: read.text("recorder"),
    synthetic: read.has("synthetic") && read.choice("synthetic", ["true", "false"]) === "true",
  };
}

/** The strings that parse to this metadata. */
export function writeMetadata(metadata: TraceMetadata): Record<string, string> {
  const { layers, synthetic, ...rest } = metadata;
  const plain = Object.entries(rest).map(([key, value]) => [key, String(value)]);
  return {
    format: FORMAT,
    version: VERSION,
    ...(Object.fromEntries(plain) as Record<string, string>),
    layers: JSON.stringify(layers),
    ...(synthetic ? { synthetic: "true" } : {}),
  };
}

class Reader {
  private readonly raw: Readonly<Record<string, string>>;
  private readonly source: string;

  constructor(raw: Readonly<Record<string, string>>, source: string) {
    this.raw = raw;
    this.source = source;
  }

  has(key: string): boolean {
    return Object.hasOwn(this.raw, key);
  }

  text(key: string): string {
    const value = this.has(key) ? this.raw[key] : undefined;
    if (value === undefined) throw new InputError(this.source, `has no ${key} in its metadata`);
    return value;
  }

  wrong(key: string, problem: string): InputError {
    return new InputError(this.source, `metadata ${key} "${this.raw[key] ?? ""}" ${problem}`);
  }

  exactly(key: string, allowed: string): void {
    if (this.text(key) !== allowed) throw this.wrong(key, `is not ${allowed}`);
  }

  choice<const C extends string>(key: string, choices: readonly C[]): C {
    const value = this.text(key);
    const found = choices.find((choice) => choice === value);
    if (found === undefined) throw this.wrong(key, `is not one of ${choices.join(", ")}`);
    return found;
  }

  count(key: string, least: number, most: number): number {
    const text = this.text(key);
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    if (!(value >= least && value <= most)) throw this.wrong(key, `is not a whole number from ${least} to ${most}`);
    return value;
  }

  positive(key: string): number {
    const value = this.text(key).trim() === "" ? NaN : Number(this.text(key));
    if (!(value > 0 && value < Infinity)) throw this.wrong(key, "is not a number above 0");
    return value;
  }

  /** Decode steps need their queries, so the first recorded one stands at or before the end of the prompt. */
  queryStart(): number {
    return this.count("queryStart", 0, this.count("promptTokens", 1, MOST_TOKENS));
  }

  layers(layersTotal: number): number[] {
    const allowed = `is not a JSON list of ascending layer indices below ${layersTotal}`;
    let value: unknown;
    try {
      value = JSON.parse(this.text("layers"));
    } catch (error) {
      if (error instanceof InputError) throw error;
      throw this.wrong("layers", allowed);
    }
    if (!Array.isArray(value) || value.length === 0) throw this.wrong("layers", allowed);
    const layers: number[] = [];
    for (const layer of value as unknown[]) {
      const rising = typeof layer === "number" && Number.isInteger(layer) && layer > (layers.at(-1) ?? -1);
      if (!rising || layer >= layersTotal) throw this.wrong("layers", allowed);
      layers.push(layer);
    }
    return layers;
  }
}
