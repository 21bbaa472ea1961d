import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterAll, expect, test } from "vitest";
import { requireRefusal, requireSound } from "../test/sound-log.js";
import { importLog } from "./workload-file.js";

/** Parquet that is not complete ends in an InputError that names the file, as other formats do (workload/fuzz-log.test.ts). */

const folder = mkdtempSync(join(tmpdir(), "raas-sim-fuzz-"));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, "log.parquet");

const ROWS = 40;
const each = <T>(value: (i: number) => T): T[] => Array.from({ length: ROWS }, (_, i) => value(i));

/** The kinds of columns and codings that writers use: packed or not, whole numbers and fractions, text, nulls. */
const SAMPLES = (["SNAPPY", "UNCOMPRESSED"] as const).map(
  (codec) =>
    new Uint8Array(
      parquetWriteBuffer({
        codec,
        rowGroupSize: 16,
        columnData: [
          { name: "arrival_s", type: "DOUBLE", data: each((i) => i / 4) },
          { name: "prompt_tokens", type: "INT32", data: each((i) => 10 + (i % 7)) },
          { name: "output_tokens", type: "INT64", data: each((i) => BigInt(1 + (i % 5))) },
          { name: "session", type: "STRING", data: each((i) => `s${i % 3}`) },
          { name: "priority", type: "INT32", nullable: true, data: each((i) => (i % 4 === 0 ? null : 1)) },
        ],
      }),
    ),
);

async function outcome(bytes: Uint8Array): Promise<"read" | "refused"> {
  writeFileSync(path, bytes);
  try {
    requireSound(await importLog(path, undefined));
    return "read";
  } catch (error) {
    requireRefusal(error, path);
    return "refused";
  }
}

test("the samples themselves are read", async () => {
  for (const bytes of SAMPLES) expect(await outcome(bytes)).toBe("read");
});

test("cut off anywhere, it is refused", async () => {
  for (const bytes of SAMPLES) {
    for (let length = 0; length < bytes.length; length += 13) {
      expect(await outcome(bytes.subarray(0, length)), `${length} bytes`).toBe("refused");
    }
  }
});
