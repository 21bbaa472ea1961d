import { InputError } from "../core/check.js";
import type { AttentionTrace, TraceMetadata } from "./attention-trace.js";
import { rowBlocks, rowWidth, tensorsOf, type TensorSpec } from "./layout.js";
import { writeMetadata } from "./metadata.js";
import { BYTES_PER_VALUE, type Dtype } from "./safetensors.js";
import { decodeValues, encodeValues } from "./tensor-values.js";
import { notFinite, notScores } from "./value-faults.js";

/** The file of a trace: how many bytes it has, and the bytes in order, each block made when it is asked for. */
export interface TraceFile {
  readonly size: number;
  readonly blocks: Iterable<Uint8Array>;
}

/** The dtype of each tensor; one that the format does not allow for it is an InputError. */
export type DtypeChoice = (spec: TensorSpec) => Dtype;

/** The given dtype wherever the format allows it, and the only allowed one elsewhere. */
export function preferring(dtype: Dtype): DtypeChoice {
  return ({ dtypes }) => (dtypes.includes(dtype) ? dtype : (dtypes[0] as Dtype));
}

/**
 * Encodes a trace of either kind. Its rows are asked for once, tensor after tensor and in ascending order, a block at a
 * time. Throws InputError, from the blocks too, for what the format cannot hold: a dtype, a value too large for its
 * dtype, a score row that would not sum to 1.
 */
export function traceFile(trace: AttentionTrace, dtypeOf: DtypeChoice): TraceFile {
  const tensors = placedTensors(trace, dtypeOf);
  const header = headerBytes(trace.metadata, tensors);
  const size = header.length + tensors.reduce((sum, { bytes }) => sum + bytes, 0);
  return { size, blocks: fileBlocks(trace, header, tensors) };
}

interface PlacedTensor {
  readonly spec: TensorSpec;
  readonly dtype: Dtype;
  readonly bytes: number;
}

/** Widest values first, so that every tensor is aligned: readers that map a file need that, and safetensors does it. */
function placedTensors({ metadata, channels }: AttentionTrace, dtypeOf: DtypeChoice): PlacedTensor[] {
  const present = tensorsOf(metadata).filter(({ optional }) => optional !== true || channels.has("page-bounds"));
  const placed = present.map((spec) => {
    const dtype = dtypeOf(spec);
    if (!spec.dtypes.includes(dtype)) {
      throw new InputError(spec.name, `cannot be stored as ${dtype}; allowed: ${spec.dtypes.join(", ")}`);
    }
    return { spec, dtype, bytes: spec.shape.reduce((product, side) => product * side, BYTES_PER_VALUE[dtype]) };
  });
  return placed.sort((a, b) => BYTES_PER_VALUE[b.dtype] - BYTES_PER_VALUE[a.dtype]);
}

function headerBytes(metadata: TraceMetadata, tensors: readonly PlacedTensor[]): Uint8Array {
  let offset = 0;
  const entries = tensors.map(({ spec, dtype, bytes }) => {
    const from = offset;
    offset += bytes;
    return [spec.name, { dtype, shape: spec.shape, data_offsets: [from, offset] }] as const;
  });
  const json = new TextEncoder().encode(
    JSON.stringify({ __metadata__: writeMetadata(metadata), ...Object.fromEntries(entries) }),
  );
  const length = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + length).fill(0x20); // padded with spaces
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, 8);
  return bytes;
}

function* fileBlocks(
  trace: AttentionTrace,
  header: Uint8Array,
  tensors: readonly PlacedTensor[],
): Generator<Uint8Array> {
  yield header;
  for (const { spec, dtype } of tensors) {
    for (const [from, to] of rowBlocks(spec.shape)) {
      const bytes = encodeValues(readRows(trace, spec.name, from, to), dtype);
      if (dtype !== "I32") requireReadable(bytes, dtype, spec, trace.metadata, from);
      yield bytes;
    }
  }
}

/** What a reader would refuse is not written. */
function requireReadable(
  bytes: Uint8Array,
  dtype: Dtype,
  spec: TensorSpec,
  metadata: TraceMetadata,
  from: number,
): void {
  const stored = decodeValues(bytes, dtype, bytes.length / BYTES_PER_VALUE[dtype]);
  const fault =
    notFinite(stored, spec.name, rowWidth(spec.shape), from) ??
    (spec.name.endsWith(".scores") ? notScores(stored, spec.name, metadata, from) : undefined);
  if (fault !== undefined) throw new InputError("trace", `cannot be stored as ${dtype}: ${fault}`);
}

/** Rows from … to - 1 of a tensor's first side. */
export function readRows(trace: AttentionTrace, tensor: string, from: number, to: number): ArrayLike<number> {
  if (tensor === "token_ids") return trace.tokenIds().subarray(from, to);
  const [, layerText, part] = tensor.split(".");
  const layer = Number(layerText);
  const { queryStart = 0, promptTokens } = trace.metadata;
  switch (part) {
    case "q":
      return trace.queries(layer, queryStart + from, queryStart + to);
    case "k":
      return trace.keys(layer, from, to);
    case "v":
      return trace.values(layer, from, to);
    case "scores":
      return trace.scores(layer, from, to);
    case "prompt_mass":
      return trace.promptMass(layer).subarray(from * promptTokens, to * promptTokens);
    default:
      return trace.pageBounds(layer, from, to);
  }
}
