import { InputError } from "../core/check.js";
import type { ByteSource } from "../trace/byte-source.js";

const MAGIC = "PAR1";

export function isParquet(source: ByteSource): boolean {
  return source.size >= 12 && Buffer.from(source.read(0, 4)).toString("latin1") === MAGIC;
}

/** Rows of a Parquet file as plain objects, one row group in memory at a time. Throws InputError for a damaged file. */
export async function* parquetRows(source: ByteSource): AsyncGenerator<Record<string, unknown>> {
  const { parquetMetadataAsync, parquetReadObjects } = await import("hyparquet");
  const { compressors } = await import("hyparquet-compressors");
  const { checkPages, checkRowCounts } = await import("./parquet-pages.js");
  const file = {
    byteLength: source.size,
    slice(start: number, end: number = source.size): ArrayBuffer {
      if (!(start >= 0 && start <= end && end <= source.size))
        throw new Error(`bytes ${start} to ${end} are not there`);
      return source.read(start, end - start).buffer as ArrayBuffer;
    },
  };
  const damaged = (cause: unknown): InputError =>
    new InputError(source.name, `is not complete Parquet (${cause instanceof Error ? cause.message : String(cause)})`);
  const attempt = async <T>(action: () => Promise<T>): Promise<T> => {
    try {
      return await action();
    } catch (cause) {
      throw damaged(cause);
    }
  };
  const metadata = await attempt(async () => {
    const found = await parquetMetadataAsync(file);
    checkRowCounts(found);
    return found;
  });
  let from = 0;
  for (const group of metadata.row_groups) {
    const to = from + Number(group.num_rows);
    const rows = await attempt(() => {
      checkPages(source, metadata, group, compressors);
      return parquetReadObjects({ file, metadata, compressors, rowStart: from, rowEnd: to });
    });
    for (const row of rows) yield plain(row) as Record<string, unknown>;
    from = to;
  }
}

/** Parquet's 64-bit integers as numbers, its null as no value. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== null)
      .map(([key, item]) => [key, plain(item)]),
  );
}
