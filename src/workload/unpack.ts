import { createGunzip, gunzipSync } from "node:zlib";
import { Readable } from "node:stream";
import { Decompress, decompress } from "fzstd";
import { InputError } from "../core/check.js";

type Packing = "gzip" | "zstd";

/** How bytes are compressed, told from their first ones; undefined: not at all. */
function packing(bytes: Uint8Array): Packing | undefined {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return "gzip";
  return bytes[0] === 0x28 && bytes[1] === 0xb5 && bytes[2] === 0x2f && bytes[3] === 0xfd ? "zstd" : undefined;
}

/** Bytes that are all there, unpacked. Throws InputError naming `path`. */
export function unpacked(bytes: Uint8Array, path: string): Uint8Array {
  const packed = packing(bytes);
  if (packed === undefined) return bytes;
  try {
    return packed === "gzip" ? gunzipSync(bytes) : decompress(bytes);
  } catch (cause) {
    throw damaged(path, packed, cause);
  }
}

/** The same for bytes that come in chunks, of which the first holds at least 4; only a window of them is held. */
export async function* unpackedChunks(chunks: Iterable<Uint8Array>, path: string): AsyncGenerator<Uint8Array> {
  const iterator = chunks[Symbol.iterator]();
  const first = iterator.next();
  if (first.done === true) return;
  const all = chain(first.value, iterator);
  const packed = packing(first.value);
  if (packed === undefined) yield* all;
  else yield* packed === "gzip" ? gunzipped(all, path) : zstandard(all, path);
}

function* chain(first: Uint8Array, rest: Iterator<Uint8Array>): Generator<Uint8Array> {
  yield first;
  for (let next = rest.next(); next.done !== true; next = rest.next()) yield next.value;
}

async function* gunzipped(chunks: Iterable<Uint8Array>, path: string): AsyncGenerator<Uint8Array> {
  const source = Readable.from(chunks, { objectMode: false });
  const stream = createGunzip({ chunkSize: 2 ** 20 });
  source.once("error", (cause) => stream.destroy(cause));
  source.pipe(stream);
  try {
    for await (const chunk of stream) yield chunk as Uint8Array;
  } catch (cause) {
    throw damaged(path, "gzip", cause);
  } finally {
    source.destroy();
    stream.destroy();
  }
}

function* zstandard(chunks: Iterable<Uint8Array>, path: string): Generator<Uint8Array> {
  let ready: Uint8Array[] = [];
  let ended = false;
  const stream = new Decompress((data, final) => {
    if (data.length > 0) ready.push(data.slice()); // the window behind it is written again
    if (final === true) ended = true;
  });
  const push = (chunk: Uint8Array, last: boolean): readonly Uint8Array[] => {
    ready = [];
    try {
      stream.push(chunk, last);
    } catch (cause) {
      throw damaged(path, "zstd", cause);
    }
    return ready;
  };
  for (const chunk of chunks) yield* push(chunk, false);
  yield* push(new Uint8Array(0), true);
  if (!ended) throw new InputError(path, "is not complete zstd data (it ends early)");
}

function damaged(path: string, packed: Packing, cause: unknown): InputError {
  if (cause instanceof InputError) return cause;
  return new InputError(
    path,
    `is not complete ${packed} data (${cause instanceof Error ? cause.message : String(cause)})`,
  );
}
