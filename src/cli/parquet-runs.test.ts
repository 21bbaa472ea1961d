import type { DataReader } from "hyparquet";
import { expect, test } from "vitest";
import { checkDeltaHeader, checkRuns } from "./parquet-runs.js";

/** Bytes by hand, after the Parquet format's Encodings.md. */

const reader = (...bytes: readonly number[]): DataReader => ({
  view: new DataView(Uint8Array.from(bytes).buffer),
  offset: 0,
});

test("runs that fill a page are sound, longer ones are not", () => {
  const runs = reader(0b11, 0b10101010, 0b100, 1); // 8 packed bits, then twice 1
  expect(() => checkRuns(runs, 4, 1, 10)).not.toThrow();
  expect(() => checkRuns(runs, 4, 1, 9)).toThrow("a run of 10 in a page of 9 values");
  expect(() => checkRuns(runs, 2, 1, 9)).not.toThrow(); // the rest is not its own
  const endless = reader(0xfe, 0xff, 0xff, 0xff, 0x0f, 1);
  expect(() => checkRuns(endless, 6, 1, 10)).toThrow("a run of 2147483647");
  expect(() => checkRuns(reader(0xff, 0xff, 0xff, 0xff, 0x0f), 5, 0, 10)).toThrow("a run of");
});

test("blocks of deltas have a size, in equal parts of whole bytes", () => {
  expect(() => checkDeltaHeader(reader(0x80, 0x01, 4))).not.toThrow(); // 128 in 4
  expect(() => checkDeltaHeader(reader(0x80, 0x01, 0))).toThrow("128 values in 0 parts");
  expect(() => checkDeltaHeader(reader(0x80, 0x01, 3))).toThrow("128 values in 3 parts");
  expect(() => checkDeltaHeader(reader(0, 4))).toThrow("0 values in 4 parts");
  // As a signed number of 32 bits, -1: a decoder would step back and read the same block again.
  expect(() => checkDeltaHeader(reader(0x80, 0x01, 0xff, 0xff, 0xff, 0xff, 0x0f))).toThrow("in 4294967295 parts");
});
