import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, test } from "vitest";
import { PARQUET_SAMPLES, parquetOutcome } from "../test/parquet-samples.js";
import { FUZZ_RUNS } from "../test/sound-log.js";

/**
 * Damaged Parquet ends in an InputError that names the file or in a sound log, as other formats do
 * (workload/fuzz-log.test.ts). fast-check prints the seed of a failure. RAAS_SIM_FUZZ_RUNS=10000 tries more inputs.
 */

const folder = mkdtempSync(join(tmpdir(), "raas-sim-fuzz-"));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, "log.parquet");

/** Bytes of a sample with a few changed: single ones anywhere, or in the head of a page, by others or by those that end or stretch a field. */
function damaged(sample: Uint8Array): fc.Arbitrary<Uint8Array> {
  const change = fc.record({
    at: fc.nat(sample.length - 1),
    by: fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x0f, 0x7f, 0x80, 0xff)),
  });
  return fc.array(change, { minLength: 1, maxLength: 5 }).map((changes) => {
    const bytes = Uint8Array.from(sample);
    for (const { at, by } of changes) bytes[at] = by;
    return bytes;
  });
}

test.each(PARQUET_SAMPLES.map((sample, i) => ({ sample, i })))("sample $i with changed bytes", async ({ sample }) => {
  await fc.assert(
    fc.asyncProperty(damaged(sample), async (bytes) => void (await parquetOutcome(bytes, path))),
    { numRuns: FUZZ_RUNS },
  );
});
