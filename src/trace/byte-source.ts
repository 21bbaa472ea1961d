/** Bytes that can be read in ranges: a file, or memory. */
export interface ByteSource {
  /** For messages. */
  readonly name: string;
  readonly size: number; // bytes
  /** A copy of bytes offset … offset + length - 1, all of which exist. */
  read(offset: number, length: number): Uint8Array;
  close(): void;
}

export function memorySource(bytes: Uint8Array, name = "trace"): ByteSource {
  return {
    name,
    size: bytes.length,
    read: (offset, length) => bytes.slice(offset, offset + length),
    close: () => undefined,
  };
}
