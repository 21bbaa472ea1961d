import { InputError } from "../core/check.js";
import type { AttentionTrace, TraceChannel, TraceMetadata } from "./attention-trace.js";
import type { ByteSource } from "./byte-source.js";
import { rowWidth, tensorsOf } from "./layout.js";
import { parseMetadata } from "./metadata.js";
import { BYTES_PER_VALUE, readHeader, type TensorPlace } from "./safetensors.js";
import { decodeValues } from "./tensor-values.js";
import { notFinite, notScores } from "./value-faults.js";

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
  private bytes = new Uint8Array(0); // what was read last: kept, so that reading leaves nothing to collect

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

  queries(layer: number, from: number, to: number, into?: Float32Array): Float32Array {
    const start = this.metadata.queryStart ?? 0;
    return this.rows(`layers.${layer}.q`, from - start, to - start, into);
  }

  keys(layer: number, from: number, to: number, into?: Float32Array): Float32Array {
    return this.rows(`layers.${layer}.k`, from, to, into);
  }

  values(layer: number, from: number, to: number, into?: Float32Array): Float32Array {
    return this.rows(`layers.${layer}.v`, from, to, into);
  }

  scores(layer: number, from: number, to: number, into?: Float32Array): Float32Array {
    const name = `layers.${layer}.scores`;
    const rows = this.rows(name, from, to, into);
    this.refuse(notScores(rows, name, this.metadata, from));
    return rows;
  }

  promptMass(layer: number): Float32Array {
    return this.rows(`layers.${layer}.prompt_mass`, 0, this.metadata.kvHeads);
  }

  pageBounds(layer: number, from: number, to: number, into?: Float32Array): Float32Array {
    return this.rows(`layers.${layer}.page_bounds`, from, to, into);
  }

  close(): void {
    this.source.close();
  }

  /** Rows from … to - 1 of a tensor's first side, as f32; in `into`, if that is given and long enough. */
  private rows(name: string, from: number, to: number, into?: Float32Array): Float32Array {
    const { dtype, shape, from: start } = this.place(name);
    if (!(from >= 0 && from <= to && to <= (shape[0] as number))) {
      throw new RangeError(`rows ${from} to ${to} of ${name}, which has ${shape[0]}`);
    }
    const width = rowWidth(shape);
    const length = (to - from) * width * BYTES_PER_VALUE[dtype];
    if (length > this.bytes.length) this.bytes = new Uint8Array(length);
    const bytes = this.source.read(start + from * width * BYTES_PER_VALUE[dtype], length, this.bytes);
    const values = decodeValues(bytes, dtype, (to - from) * width, into);
    this.refuse(notFinite(values, name, width, from));
    return values;
  }

  private refuse(fault: string | undefined): void {
    if (fault !== undefined) throw new InputError(this.source.name, fault);
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
