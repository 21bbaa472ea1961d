import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { importLog } from "../cli/workload-file.js";
import { requireRefusal, requireSound } from "./sound-log.js";

const ROWS = 40;
const DELTA = { encoding: "DELTA_BINARY_PACKED" } as const;
const each = <T>(value: (i: number) => T): T[] => Array.from({ length: ROWS }, (_, i) => value(i));

/** The kinds of columns that writers use, packed or not: whole numbers and fractions, text, nulls, and the codings of each. */
const WRITTEN = [
  { codec: "SNAPPY" as const, coded: false },
  { codec: "UNCOMPRESSED" as const, coded: false },
  { codec: "UNCOMPRESSED" as const, coded: true },
].map(
  ({ codec, coded }) =>
    new Uint8Array(
      parquetWriteBuffer({
        codec,
        rowGroupSize: 16,
        columnData: [
          {
            name: "arrival_s",
            type: "DOUBLE",
            data: each((i) => i / 4),
            ...(coded && { encoding: "BYTE_STREAM_SPLIT" }),
          },
          { name: "prompt_tokens", type: "INT32", data: each((i) => 10 + (i % 7)), ...(coded && DELTA) },
          { name: "output_tokens", type: "INT64", data: each((i) => BigInt(1 + (i % 5))), ...(coded && DELTA) },
          {
            name: "session",
            type: "STRING",
            data: each((i) => `session ${i % 3}`),
            ...(coded && { encoding: "DELTA_BYTE_ARRAY" }),
          },
          {
            name: "note",
            type: "STRING",
            data: each((i) => `p${i % 3}`),
            ...(coded && { encoding: "DELTA_LENGTH_BYTE_ARRAY" }),
          },
          { name: "cached", type: "BOOLEAN", data: each((i) => i % 5 < 3), ...(coded && { encoding: "RLE" }) },
          { name: "priority", type: "INT32", nullable: true, data: each((i) => (i % 4 === 0 ? null : 1)) },
        ],
      }),
    ),
);

/** The same columns as pyarrow 26 writes them: pages of version 1, dictionaries, snappy, every column nullable. */
const PAGES_V1 = Uint8Array.from(readFileSync(join(import.meta.dirname, "fixtures", "pages-v1.parquet")));

export const PARQUET_SAMPLES: readonly Uint8Array[] = [...WRITTEN, PAGES_V1];

/** What importing these bytes, written to `path`, ends in; fails if that is anything else. */
export async function parquetOutcome(bytes: Uint8Array, path: string): Promise<"read" | "refused"> {
  writeFileSync(path, bytes);
  try {
    requireSound(await importLog(path, undefined));
    return "read";
  } catch (error) {
    requireRefusal(error, path);
    return "refused";
  }
}
