import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { PARQUET_SAMPLES, parquetOutcome } from "../test/parquet-samples.js";

/** Parquet that is not complete is refused by the file's name; complete, it is read. */

const folder = mkdtempSync(join(tmpdir(), "raas-sim-fuzz-"));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, "log.parquet");

test("the samples themselves are read", async () => {
  for (const bytes of PARQUET_SAMPLES) expect(await parquetOutcome(bytes, path)).toBe("read");
});

test("cut off anywhere, it is refused", async () => {
  for (const bytes of PARQUET_SAMPLES) {
    for (let length = 0; length < bytes.length; length += 13) {
      expect(await parquetOutcome(bytes.subarray(0, length), path), `${length} bytes`).toBe("refused");
    }
  }
});
