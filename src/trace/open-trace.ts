import { InputError } from "../core/check.js";
import type { AttentionTrace, TraceChannel, TraceMetadata } from "./attention-trace.js";
import type { ByteSource } from "./byte-source.js";
import { decodeBf16, decodeF16 } from "./half.js";
import { tensorsOf } from "./layout.js";
import { parseMetadata } from "./metadata.js";
import { BYTES_PER_VALUE, readHeader, type TensorPlace } from "./safetensors.js";

const SUM_TOLERANCE = { linear: 1e-2, "log2-u8": 5e-2 } as const;

/** Opens a trace: reads its header and checks it against the format. Throws InputError for what the format refuses. */
export function openTrace(source: ByteSource): AttentionTrace {
  const { metadata: raw, tensors } = readHeader(source);
  const metadata = parseMetadata(raw, source.name);
  checkTensors(metadata, tensors, source.name);
  return new SafetensorsTrace(source, metadata, tensors);
}

function checkTensors(metadata: TraceMetadata, tensors: ReadonlyMap<string, TensorPlace>, name: string): void {
  const specs = tensorsOf(metadata);
  for (const spec of specs) {
    const found = tensors.get(spec.name);
    if (found === undefined) {
      if (spec.optional === true) continue;
      throw new InputError(name, `lacks tensor ${spec.name}`);
    }
    if (!spec.dtypes.includes(found.dtype)) {
      throw new InputError(name, `tensor ${spec.name} is ${found.dtype}; allowed: ${spec.dtypes.join(", ")}`);
    }
    if (spec.shape.join() !== found.shape.join()) {
      const shapes = `[${found.shape.join(", ")}], not [${spec.shape.join(", ")}]`;
      throw new InputError(name, `tensor ${spec.name} has shape ${shapes} as its metadata says`);
    }
  }
  const known = new Set(specs.map((spec) => spec.name));
  const strange = [...tensors.keys()].find((tensor) => !known.has(tensor));
  if (strange !== undefined) throw new InputError(name, `has tensor ${strange}, which its metadata does not announce`);
}

class SafetensorsTrace implements AttentionTrace {
  readonly metadata: TraceMetadata;
  readonly channels: ReadonlySet<TraceChannel>;
  private readonly source: ByteSource;
  private readonly tensors: ReadonlyMap<string, TensorPlace>;

  constructor(source: ByteSource, metadata: TraceMetadata, tensors: ReadonlyMap<string, TensorPlace>) {
    this.source = source;
    this.metadata = metadata;
    this.tensors = tensors;
    this.channels = channelsOf(metadata, tensors);
  }

  tokenIds(): Int32Array {
    const { from, to } = this.place("token_ids");
    const bytes = this.source.read(from, to - from);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return Int32Array.from({ length: bytes.length / 4 }, (_, i) => view.getInt32(4 * i, true));
  }

  queries(layer: number, from: number, to: number): Float32Array {
    const start = this.metadata.queryStart ?? 0;
    return this.rows(`layers.${layer}.q`, from - start, to - start);
  }

  keys(layer: number, from: number, to: number): Float32Array {
    return this.rows(`layers.${layer}.k`, from, to);
  }

  values(layer: number, from: number, to: number): Float32Array {
    return this.rows(`layers.${layer}.v`, from, to);
  }

  scores(layer: number, from: number, to: number): Float32Array {
    const name = `layers.${layer}.scores`;
    const rows = this.rows(name, from, to);
    const { totalTokens, kvHeads, promptTokens } = this.metadata;
    for (let row = 0; row < (to - from) * kvHeads; row++) {
      const step = from + Math.floor(row / kvHeads);
      const first = row * totalTokens;
      this.checkRow(name, rows.subarray(first, first + totalTokens), step, row % kvHeads, promptTokens + step + 1);
    }
    return rows;
  }

  promptMass(layer: number): Float32Array {
    return this.rows(`layers.${layer}.prompt_mass`, 0, this.metadata.kvHeads);
  }

  pageBounds(layer: number, from: number, to: number): Float32Array {
    return this.rows(`layers.${layer}.page_bounds`, from, to);
  }

  close(): void {
    this.source.close();
  }

  private checkRow(name: string, row: Float32Array, step: number, head: number, valid: number): void {
    const where = `tensor ${name} at step ${step}, KV head ${head}`;
    let sum = 0;
    for (let j = 0; j < row.length; j++) {
      const score = row[j] as number;
      if (score < 0) throw new InputError(this.source.name, `${where} has a score of ${score} at position ${j}`);
      if (j >= valid && score !== 0) {
        throw new InputError(this.source.name, `${where} has a score at position ${j}, which comes later`);
      }
      sum += score;
    }
    const tolerance = SUM_TOLERANCE[this.metadata.scoreCoding ?? "linear"];
    if (Math.abs(sum - 1) <= tolerance) return;
    throw new InputError(this.source.name, `${where} sums to ${sum.toPrecision(6)}; allowed is 1 within ${tolerance}`);
  }

  /** Rows from … to - 1 of a tensor's first side, as f32. */
  private rows(name: string, from: number, to: number): Float32Array {
    const { dtype, shape, from: start } = this.place(name);
    if (!(from >= 0 && from <= to && to <= (shape[0] as number))) {
      throw new RangeError(`rows ${from} to ${to} of ${name}, which has ${shape[0]}`);
    }
    const width = shape.slice(1).reduce((product, side) => product * side, 1);
    const bytes = this.source.read(
      start + from * width * BYTES_PER_VALUE[dtype],
      (to - from) * width * BYTES_PER_VALUE[dtype],
    );
    const values = decode(bytes, dtype, (to - from) * width);
    for (let i = 0; i < values.length; i++) {
      if (Number.isFinite(values[i])) continue;
      const row = from + Math.floor(i / width);
      throw new InputError(this.source.name, `tensor ${name} has ${values[i]} in row ${row}, element ${i % width}`);
    }
    return values;
  }

  private place(name: string): TensorPlace {
    const place = this.tensors.get(name);
    if (place === undefined) throw new RangeError(`no tensor ${name}`);
    return place;
  }
}

function channelsOf({ kind, layers }: TraceMetadata, tensors: ReadonlyMap<string, TensorPlace>): Set<TraceChannel> {
  if (kind === "qkv") return new Set(["attention", "prompt-mass", "queries", "keys", "values", "page-bounds"]);
  const bounds = layers.every((layer) => tensors.has(`layers.${layer}.page_bounds`));
  return new Set(["attention", "prompt-mass", ...(bounds ? (["page-bounds"] as const) : [])]);
}

function decode(bytes: Uint8Array, dtype: TensorPlace["dtype"], count: number): Float32Array {
  const out = new Float32Array(count);
  if (dtype === "U8") {
    for (let i = 0; i < count; i++) out[i] = bytes[i] === 0 ? 0 : 2 ** (((bytes[i] as number) - 255) / 16);
    return out;
  }
  const whole = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  if (dtype === "F32") return new Float32Array(whole.buffer, whole.byteOffset, count);
  const patterns = new Uint16Array(whole.buffer, whole.byteOffset, count);
  if (dtype === "F16") decodeF16(patterns, out);
  else decodeBf16(patterns, out);
  return out;
}
