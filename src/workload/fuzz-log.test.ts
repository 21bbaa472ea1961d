import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { LOG_SAMPLES } from "../test/log-samples.js";
import { FUZZ_RUNS, requireRefusal, requireSound } from "../test/sound-log.js";
import { LogImport } from "./log-import.js";
import type { RequestLog } from "./log-rows.js";
import { parseRequestLog } from "./request-log.js";

/**
 * Whatever the bytes are, a reader ends in an InputError that names the file, or in a sound log. fast-check prints the
 * seed of a failure. RAAS_SIM_FUZZ_RUNS=10000 tries more inputs a format.
 */

const EVIL = [
  ...'{}[],:"\\\n\r\0-'.split(""),
  "1e999",
  "-1",
  "1000000000000000",
  "9007199254740993",
  "NaN",
  "null",
  "true",
  '""',
  "{}",
  "[]",
  "\ud800",
  "\ufeff",
  "__proto__",
  "0.1",
  "1e-320",
  "2023-02-30 00:00:00",
  "99999-01-01",
  '"a',
  "\r\n\r\n",
];

/** Bytes of a sample with some edits: a stretch of them replaced by another, or by something evil, or the end cut off. */
function mutated(text: string): fc.Arbitrary<Uint8Array> {
  const edit = fc.record({
    at: fc.nat(),
    length: fc.nat(12),
    by: fc.oneof(fc.constantFrom(...EVIL), fc.string({ maxLength: 6 })),
  });
  const number = fc.record({ nth: fc.nat(), by: fc.constantFrom(...EVIL) });
  return fc
    .record({
      edits: fc.array(edit, { maxLength: 4 }),
      numbers: fc.array(number, { maxLength: 2 }),
      cut: fc.option(fc.nat()),
    })
    .map(({ edits, numbers, cut }) => {
      let now = text;
      for (const { nth, by } of numbers) {
        const all = [...now.matchAll(/\d+(\.\d+)?/g)];
        const found = all[nth % Math.max(1, all.length)];
        if (found !== undefined) now = now.slice(0, found.index) + by + now.slice(found.index + found[0].length);
      }
      for (const { at, length, by } of edits) {
        const from = at % (now.length + 1);
        now = now.slice(0, from) + by + now.slice(from + length);
      }
      return Buffer.from(cut === null ? now : now.slice(0, cut % (now.length + 1)));
    });
}

function orderly(read: () => RequestLog): RequestLog | string {
  try {
    const log = read();
    requireSound(log);
    return log;
  } catch (error) {
    return requireRefusal(error, "file");
  }
}

test.each(LOG_SAMPLES.map((sample, i) => ({ ...sample, i })))("$format, sample $i", ({ text }) => {
  fc.assert(
    fc.property(mutated(text), fc.integer({ min: 1, max: 40 }), (bytes, step) => {
      const whole = orderly(() => parseRequestLog(bytes, "file"));
      const inChunks = orderly(() => {
        const log = new LogImport();
        log.open("file");
        for (let at = 0; at < bytes.length; at += step) log.push(bytes.subarray(at, at + step));
        log.close();
        return log.finish("file");
      });
      // Where bytes are cut into chunks changes neither result nor message; but for which of its quotes a line is refused.
      const same = (found: typeof whole): unknown =>
        typeof found === "string" ? found.replace(/text after a closing quote|a quote is not closed/, "quotes") : found;
      expect(same(inChunks)).toEqual(same(whole));
    }),
    { numRuns: FUZZ_RUNS },
  );
});

test("damaged gzip of every format", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...LOG_SAMPLES),
      fc.nat(),
      fc.nat(255),
      fc.option(fc.nat()),
      ({ text }, at, byte, cut) => {
        const packed = Uint8Array.from(gzipSync(text));
        packed[at % packed.length] = byte;
        orderly(() => parseRequestLog(cut === null ? packed : packed.subarray(0, cut % packed.length), "file"));
      },
    ),
    { numRuns: FUZZ_RUNS },
  );
});

test("any bytes at all", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void orderly(() => parseRequestLog(bytes, "file"))),
    { numRuns: FUZZ_RUNS },
  );
});
