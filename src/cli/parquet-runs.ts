import type { DataReader } from "hyparquet";

/**
 * Bounds on what a page's bytes say of themselves, for those codings of Parquet whose decoder would otherwise write or
 * walk as far as a damaged byte tells it to. Whatever else is wrong with a page ends where its bytes end.
 */

const PADDING = 512; // values; a bit-packed run is of whole groups of 8, and writers reserve up to 63 of them

/** Checks runs of the RLE and bit-packed hybrid from the reader's place to `end`, or until they are `values` long. */
export function checkRuns(reader: DataReader, end: number, bitWidth: number, values: number): void {
  if (bitWidth > 32) throw new Error(`values of ${bitWidth} bits`);
  let { offset } = reader;
  for (let seen = 0; seen < values && offset < end;) {
    const header = varInt(reader.view, offset);
    offset = header.end;
    const length = header.value >>> 1;
    const packed = (header.value & 1) === 1;
    seen += packed ? length * 8 : length;
    offset += packed ? length * bitWidth : Math.ceil(bitWidth / 8);
    if (seen > values + (packed ? PADDING : 0)) throw new Error(`a run of ${seen} in a page of ${values} values`);
  }
}

/** Checks the header of a delta-coded block of integers at the reader's place. */
export function checkDeltaHeader({ view, offset }: DataReader): void {
  const block = varInt(view, offset);
  const { value: parts } = varInt(view, block.end);
  const whole = parts > 0 && block.value > 0 && block.value <= 2 ** 20 && block.value % (8 * parts) === 0;
  if (!whole) throw new Error(`delta blocks of ${block.value} values in ${parts} parts`);
}

/** An unsigned number of up to 32 bits, and where it ends. */
function varInt(view: DataView, offset: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let i = 0; i < 5; i++) {
    const byte = view.getUint8(offset + i);
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80 && value < 2 ** 32) return { value, end: offset + i + 1 };
  }
  throw new Error("a number of more than 32 bits");
}
