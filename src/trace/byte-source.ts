/** Bytes that can be read in ranges: a file, or memory. */
export interface ByteSource {
  /** For messages. */
  readonly name: string;
  readonly size: number; // bytes
  /** A copy of bytes offset … offset + length - 1, all of which exist: in `into`, if that is given and long enough. */
  read(offset: number, length: number, into?: Uint8Array): Uint8Array;
  close(): void;
}

export function memorySource(bytes: Uint8Array, name = "trace"): ByteSource {
  return {
    name,
    size: bytes.length,
    read(offset, length, into) {
      if (into === undefined || into.length < length) return bytes.slice(offset, offset + length);
      into.set(bytes.subarray(offset, offset + length));
      return into.subarray(0, length);
    },
    close: () => undefined,
  };
}
