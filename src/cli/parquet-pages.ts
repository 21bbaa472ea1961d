import type {
  ColumnMetaData,
  Compressors,
  DataReader,
  Encoding,
  FileMetaData,
  PageHeader,
  RowGroup,
  SchemaTree,
} from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";
import { decompressPage } from "hyparquet/src/datapage.js";
import { deltaBinaryUnpack } from "hyparquet/src/delta.js";
import { readRleBitPackedHybrid } from "hyparquet/src/encoding.js";
import { parquetSchema } from "hyparquet/src/metadata.js";
import { getMaxDefinitionLevel, getMaxRepetitionLevel, getTreePath, isFlatColumn } from "hyparquet/src/schema.js";
import type { ByteSource } from "../trace/byte-source.js";
import { checkDeltaHeader, checkRuns } from "./parquet-runs.js";

/**
 * hyparquet believes page headers: one that lacks a length (a few changed bytes suffice) sends it to offset NaN, where a
 * DataView reads byte 0 for ever, and counts make it write as many values as they say. So every page is walked before
 * it is decoded. Throws Error that says what cannot be.
 */

/** Values of a column of a row group: more could not be held as rows. */
const MOST_VALUES = 2 ** 27;

interface Column {
  readonly meta: ColumnMetaData;
  readonly definitionLevel: number; // at most
  readonly repetitionLevel: number;
  readonly compressors: Compressors;
}

export function checkRowCounts({ num_rows, row_groups }: FileMetaData): void {
  const rows = row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0);
  const each = row_groups.every((group) => group.num_rows >= 0n && group.num_rows <= BigInt(MOST_VALUES));
  if (!each || rows !== Number(num_rows)) throw new Error(`row groups of ${rows} rows, a file of ${num_rows}`);
}

/** Checks all pages of a row group, reading its columns one after another. */
export function checkPages(
  source: ByteSource,
  metadata: FileMetaData,
  { columns, num_rows }: RowGroup,
  compressors: Compressors,
): void {
  const schema = parquetSchema(metadata);
  for (const { meta_data: meta } of columns) {
    if (meta === undefined) throw new Error("a column without metadata");
    const path: SchemaTree[] = getTreePath(schema, meta.path_in_schema);
    if (isFlatColumn(path) && meta.num_values !== num_rows)
      throw new Error(`${meta.num_values} values of ${meta.path_in_schema.join(".")} in ${num_rows} rows`);
    const column = {
      meta,
      definitionLevel: getMaxDefinitionLevel(path),
      repetitionLevel: getMaxRepetitionLevel(path),
      compressors,
    };
    const start = Number(meta.dictionary_page_offset || meta.data_page_offset);
    const length = requireCount(meta.total_compressed_size, source.size - start, "compressed bytes");
    const bytes = source.read(requireCount(start, source.size, "bytes before a column"), length);
    checkColumn({ view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 }, column);
  }
}

function checkColumn(reader: DataReader, column: Column): void {
  const values = requireCount(column.meta.num_values, MOST_VALUES, "values");
  const { byteLength } = reader.view;
  let seen = 0;
  while (seen < values && reader.offset < byteLength - 1) {
    const header = parquetHeader(reader);
    const size = requireCount(header.compressed_page_size, byteLength - reader.offset, "bytes of a page");
    requireCount(header.uncompressed_page_size, Number(column.meta.total_uncompressed_size), "bytes in a page");
    const bytes = new Uint8Array(reader.view.buffer, reader.view.byteOffset + reader.offset, size);
    if (header.type === "DICTIONARY_PAGE")
      requireCount(header.dictionary_page_header?.num_values, MOST_VALUES, "values of a dictionary");
    else seen += checkDataPage(header, bytes, column, values - seen);
    reader.offset += size;
  }
  if (seen !== values) throw new Error(`${seen} of ${values} values`);
}

/** Returns how many values the page has. */
function checkDataPage(header: PageHeader, bytes: Uint8Array, column: Column, most: number): number {
  const { data_page_header: first, data_page_header_v2: second } = header;
  const values = requireCount((header.type === "DATA_PAGE" ? first : second)?.num_values, most, "values of a page");
  if (header.type === "DATA_PAGE" && first !== undefined) {
    const reader = viewOf(unpacked(bytes, header.uncompressed_page_size, column));
    checkPrefixedLevels(reader, column.repetitionLevel, values);
    const nulls = checkPrefixedLevels(reader, column.definitionLevel, values);
    checkValues(reader, first.encoding, values - nulls);
  } else if (header.type === "DATA_PAGE_V2" && second !== undefined) {
    const nulls = requireCount(second.num_nulls, values, "nulls of a page");
    requireCount(second.num_rows, values, "rows of a page");
    const repetitions = requireCount(second.repetition_levels_byte_length, bytes.length, "bytes of levels");
    const levels = repetitions + requireCount(second.definition_levels_byte_length, bytes.length, "bytes of levels");
    requireCount(levels, bytes.length, "bytes of levels");
    const reader = viewOf(bytes);
    checkRuns(reader, repetitions, bitWidth(column.repetitionLevel), values);
    checkRuns({ ...reader, offset: repetitions }, levels, bitWidth(column.definitionLevel), values);
    const body = bytes.subarray(levels);
    const packed = second.is_compressed !== false;
    const page = packed ? unpacked(body, header.uncompressed_page_size - levels, column) : body;
    checkValues(viewOf(page), second.encoding, values - nulls);
  } else throw new Error("a page of no known type");
  return values;
}

/** Levels behind their length, as in pages of version 1. Leaves the reader behind them; returns how many are below the highest. */
function checkPrefixedLevels(reader: DataReader, highest: number, values: number): number {
  if (highest === 0) return 0;
  const start = reader.offset + 4;
  const length = requireCount(
    reader.view.getUint32(reader.offset, true),
    reader.view.byteLength - start,
    "bytes of levels",
  );
  checkRuns({ ...reader, offset: start }, start + length, bitWidth(highest), values);
  const levels = new Uint8Array(values);
  readRleBitPackedHybrid(reader, bitWidth(highest), levels);
  return levels.reduce((nulls, level) => nulls + Number(level !== highest), 0);
}

function checkValues(reader: DataReader, encoding: Encoding | undefined, values: number): void {
  const { view } = reader;
  if (encoding === undefined) throw new Error("a page of no known coding");
  if (values === 0) return;
  if (encoding === "RLE") {
    checkRuns({ view, offset: reader.offset + 4 }, view.byteLength, 1, values);
  } else if (encoding === "RLE_DICTIONARY" || encoding === "PLAIN_DICTIONARY") {
    checkRuns({ view, offset: reader.offset + 1 }, view.byteLength, view.getUint8(reader.offset), values);
  } else if (encoding.startsWith("DELTA_")) {
    checkDeltaHeader(reader);
    if (encoding !== "DELTA_BYTE_ARRAY") return;
    deltaBinaryUnpack(reader, values, new Int32Array(values)); // lengths of prefixes, then of the rest
    checkDeltaHeader(reader);
  }
}

const viewOf = (bytes: Uint8Array): DataReader => ({
  view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  offset: 0,
});

const bitWidth = (highest: number): number => 32 - Math.clz32(highest);

const unpacked = (bytes: Uint8Array, size: number, { meta, compressors }: Column): Uint8Array =>
  decompressPage(bytes, size, meta.codec, compressors);

function requireCount(value: number | bigint | undefined, most: number, what: string): number {
  const count = Number(value);
  if (!(Number.isInteger(count) && count >= 0 && count <= most))
    throw new Error(`${value ?? "no number of"} ${what}, of at most ${most}`);
  return count;
}
