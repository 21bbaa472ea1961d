import fc from "fast-check";
import { expect, test } from "vitest";
import { InputError } from "../core/check.js";
import { traceShape } from "../attention/trace-shape.js";
import { typescriptKernel } from "../attention/typescript-kernel.js";
import { qkvParts, safetensors, scoresParts, withHeader, type FileParts } from "../test/trace-bytes.js";
import { memorySource } from "./byte-source.js";
import { checkTrace } from "./check-trace.js";
import { openTrace } from "./open-trace.js";

/** Whatever the bytes are, reading them ends in an InputError or in a sound trace; fast-check prints the seed if not. */
function requireOrderly(bytes: Uint8Array): "refused" | "sound" {
  try {
    const source = memorySource(bytes);
    const read = source.read.bind(source);
    const trace = openTrace({
      ...source,
      read(offset, length) {
        expect(offset).toBeGreaterThanOrEqual(0);
        expect(offset + length).toBeLessThanOrEqual(bytes.length);
        return read(offset, length);
      },
    });
    if ([...checkTrace(trace)].some(({ fault }) => fault !== undefined)) return "refused";
    if (trace.metadata.totalTokens === trace.metadata.promptTokens) return "sound";
    const measuring = traceShape(trace, () => typescriptKernel);
    for (;;) {
      const next = measuring.next();
      if (next.done !== true) continue;
      expect(next.value.entries99.mean).toBeGreaterThanOrEqual(1); // no NaN came through
      expect(next.value.sinks).toBeLessThanOrEqual(1 + 1e-9);
      return "sound";
    }
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return "refused";
  }
}

const sound = fc.constantFrom(qkvParts(), scoresParts(), scoresParts("log2-u8"));
const runs = { numRuns: 400 };

test("random bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void requireOrderly(bytes)),
    runs,
  );
});

test("any JSON as a header", () => {
  fc.assert(
    fc.property(
      fc.json(),
      fc.uint8Array({ maxLength: 20 }),
      (text, data) => void requireOrderly(withHeader(text, data)),
    ),
    runs,
  );
});

test("a sound file with some bytes changed, or cut short", () => {
  const change = fc.tuple(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.nat({ max: 255 }));
  const seen = { refused: 0, sound: 0 };
  fc.assert(
    fc.property(
      sound,
      fc.array(change, { maxLength: 4 }),
      fc.option(fc.nat({ max: 900 }), { freq: 1 }),
      (parts, changes, cut) => {
        const bytes = safetensors(parts);
        for (const [at, value] of changes) bytes[Math.floor(at * bytes.length)] = value;
        seen[requireOrderly(cut === null ? bytes : bytes.slice(0, bytes.length - cut))]++;
      },
    ),
    runs,
  );
  expect(Math.min(seen.refused, seen.sound)).toBeGreaterThan(0); // neither is the only answer
});

const strange = fc.oneof(
  fc.constantFrom(
    "",
    "0",
    "-1",
    "1",
    "2",
    "1e9",
    "99999999999999999999",
    "NaN",
    "Infinity",
    "0x10",
    " 3",
    "[0]",
    "[1e5]",
  ),
  fc.constantFrom("scores", "qkv", "linear", "log2-u8", "mean", "[1, 2, 3]", "[[1]]", "null", "__proto__"),
  fc.string(),
  fc.nat({ max: 2 ** 31 }).map(String),
);

test("strange metadata", () => {
  fc.assert(
    fc.property(sound, fc.nat(), fc.option(strange), (parts: FileParts, pick, value) => {
      const keys = Object.keys(parts.metadata);
      const key = keys[pick % keys.length] as string;
      const metadata = Object.fromEntries(
        Object.entries({ ...parts.metadata, [key]: value }).filter(([, text]) => text !== null),
      );
      requireOrderly(safetensors({ ...parts, metadata }));
    }),
    runs,
  );
});

test("strange tensors: shapes, dtypes, offsets, names", () => {
  const number = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(0, -1, 2 ** 31, 2 ** 53, 1e300, 80));
  fc.assert(
    fc.property(
      sound,
      fc.nat(),
      fc.record(
        {
          dtype: fc.constantFrom("F16", "BF16", "F32", "I32", "U8", "F64", "toString", "__proto__"),
          shape: fc.array(number, { maxLength: 4 }),
          offsets: fc.array(number, { maxLength: 3 }),
          name: fc.constantFrom("layers.1.q", "layers.1.scores", "__proto__", "constructor", "token_ids", "x"),
        },
        { requiredKeys: [] },
      ),
      (parts, pick, { name, ...change }) => {
        const names = Object.keys(parts.tensors);
        const old = names[pick % names.length] as string;
        const tensors = Object.entries(parts.tensors).map(([key, tensor]) =>
          key === old ? [name ?? key, { ...tensor, ...change }] : [key, tensor],
        );
        requireOrderly(safetensors({ ...parts, tensors: Object.fromEntries(tensors) as FileParts["tensors"] }));
      },
    ),
    runs,
  );
});

test("scores of any value are refused or sum to 1", () => {
  fc.assert(
    fc.property(fc.array(fc.float(), { minLength: 20, maxLength: 20 }), (values) => {
      const parts = scoresParts();
      const bytes = new Uint8Array(Float32Array.from(values).buffer);
      const scores = { ...parts.tensors["layers.1.scores"]!, bytes };
      requireOrderly(safetensors({ ...parts, tensors: { ...parts.tensors, "layers.1.scores": scores } }));
    }),
    runs,
  );
});

test("attention that overflows is refused, not NaN", () => {
  const parts = qkvParts();
  const full = { ...parts.tensors["layers.1.q"]!, bytes: new Uint8Array(160).fill(0x7b) }; // 61,280
  const key = { ...parts.tensors["layers.1.k"]!, bytes: new Uint8Array(80).fill(0x7b) };
  const tensors = { ...parts.tensors, "layers.1.q": full, "layers.1.k": key };
  const large = { ...parts, tensors, metadata: { ...parts.metadata, softmaxScale: "1e30" } };
  const measuring = traceShape(openTrace(memorySource(safetensors(large))), () => typescriptKernel);
  expect(() => measuring.next()).toThrow("trace: has no finite attention in layer 1 at position 3");
});
