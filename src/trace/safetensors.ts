import * as z from "zod";
import { InputError } from "../core/check.js";
import type { ByteSource } from "./byte-source.js";

/** The container of traces: https://github.com/huggingface/safetensors, "Format". */

export const BYTES_PER_VALUE = { F16: 2, BF16: 2, F32: 4, I32: 4, U8: 1 } as const;
export type Dtype = keyof typeof BYTES_PER_VALUE;

export interface TensorPlace {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Bytes of the file, from … to - 1. */
  readonly from: number;
  readonly to: number;
}

export interface SafetensorsHeader {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, TensorPlace>;
}

const LENGTH_BYTES = 8;
const MOST_HEADER_BYTES = 100_000_000; // the format's own limit

const TENSOR = z.strictObject({
  dtype: z.string(),
  shape: z.array(z.int().nonnegative()),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
});
const METADATA = z.record(z.string(), z.string());

/** Reads and checks the header: nothing else of the file. Throws InputError naming the source and what is wrong. */
export function readHeader(source: ByteSource): SafetensorsHeader {
  const wrong = (problem: string): InputError => new InputError(source.name, problem);
  if (source.size < LENGTH_BYTES)
    throw wrong(`has ${source.size} bytes; a safetensors file has at least ${LENGTH_BYTES}`);
  const first = source.read(0, LENGTH_BYTES);
  const length = Number(new DataView(first.buffer, first.byteOffset).getBigUint64(0, true));
  if (length < 2 || length > MOST_HEADER_BYTES)
    throw wrong(`is no safetensors file: its header would have ${length} bytes`);
  if (LENGTH_BYTES + length > source.size) {
    throw wrong(`says its header has ${length} bytes, but the file ends after ${source.size}`);
  }
  const raw = parseObject(new TextDecoder().decode(source.read(LENGTH_BYTES, length)), wrong);
  const { __metadata__: given, ...entries } = raw;
  const metadata = METADATA.safeParse(given ?? {});
  if (!metadata.success) throw wrong("has __metadata__ that is not an object of strings");
  const tensors = new Map<string, TensorPlace>();
  for (const [name, entry] of Object.entries(entries)) {
    tensors.set(name, placeOf(name, entry, LENGTH_BYTES + length, source.size, wrong));
  }
  requireDisjoint(tensors, wrong);
  return { metadata: metadata.data, tensors };
}

type Wrong = (problem: string) => InputError;

function parseObject(text: string, wrong: Wrong): Readonly<Record<string, unknown>> {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    throw wrong("has a header that is not JSON");
  }
  if (typeof raw !== "object" || raw === null || Array.isArray(raw))
    throw wrong("has a header that is not a JSON object");
  return raw as Readonly<Record<string, unknown>>;
}

function placeOf(name: string, entry: unknown, dataStart: number, size: number, wrong: Wrong): TensorPlace {
  const parsed = TENSOR.safeParse(entry);
  if (!parsed.success) throw wrong(`tensor ${name} needs dtype, shape and data_offsets`);
  const { dtype, shape, data_offsets: offsets } = parsed.data;
  if (!isDtype(dtype)) {
    throw wrong(`tensor ${name} has dtype ${dtype}; known are ${Object.keys(BYTES_PER_VALUE).join(", ")}`);
  }
  const [from, to] = [dataStart + offsets[0], dataStart + offsets[1]];
  const bytes = shape.reduce((product, side) => product * side, BYTES_PER_VALUE[dtype]);
  if (to - from !== bytes) {
    throw wrong(`tensor ${name} of ${dtype} [${shape.join(", ")}] takes ${bytes} bytes; its offsets span ${to - from}`);
  }
  if (to > size) throw wrong(`tensor ${name} ends at byte ${to}; the file has ${size}`);
  return { dtype, shape, from, to };
}

function requireDisjoint(tensors: ReadonlyMap<string, TensorPlace>, wrong: Wrong): void {
  const inOrder = [...tensors].filter(([, { from, to }]) => to > from).sort(([, a], [, b]) => a.from - b.from);
  inOrder.forEach(([name, { from }], i) => {
    const before = inOrder[i - 1];
    if (before !== undefined && from < before[1].to) throw wrong(`tensor ${name} overlaps tensor ${before[0]}`);
  });
}

function isDtype(text: string): text is Dtype {
  return Object.hasOwn(BYTES_PER_VALUE, text);
}
