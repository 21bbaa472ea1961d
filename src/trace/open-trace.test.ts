import { describe, expect, test } from "vitest";
import {
  qkvParts,
  safetensors,
  scoresParts,
  withHeader,
  type FileParts,
  type TensorParts,
} from "../test/trace-bytes.js";
import { memorySource, type ByteSource } from "./byte-source.js";
import { checkTrace } from "./check-trace.js";
import { openTrace } from "./open-trace.js";

/** What the reader says of a file, opened and read to its end; "" if nothing is wrong. */
function complaint(bytes: Uint8Array): string {
  try {
    return [...checkTrace(openTrace(memorySource(bytes, "f")))].flatMap(({ fault }) => fault ?? []).join("; ");
  } catch (error) {
    expect((error as Error).name).toBe("InputError");
    return (error as Error).message;
  }
}

const withMetadata = (parts: FileParts, changes: Readonly<Record<string, unknown>>): Uint8Array => {
  const metadata = Object.entries({ ...parts.metadata, ...changes }).filter(([, value]) => value !== undefined);
  return safetensors({ ...parts, metadata: Object.fromEntries(metadata) });
};
const withTensor = (parts: FileParts, name: string, changes: Partial<TensorParts>): Uint8Array =>
  safetensors({
    ...parts,
    tensors: { ...parts.tensors, [name]: { ...(parts.tensors[name] as TensorParts), ...changes } },
  });
const withoutTensor = (parts: FileParts, name: string): Uint8Array =>
  safetensors({ ...parts, tensors: Object.fromEntries(Object.entries(parts.tensors).filter(([key]) => key !== name)) });

/** The bytes of an f32 tensor with one value changed. */
function withValue(parts: FileParts, name: string, index: number, value: number): Uint8Array {
  const bytes = (parts.tensors[name] as TensorParts).bytes.slice();
  new DataView(bytes.buffer).setFloat32(4 * index, value, true);
  return withTensor(parts, name, { bytes });
}

function withHalf(parts: FileParts, name: string, index: number, pattern: number): Uint8Array {
  const bytes = (parts.tensors[name] as TensorParts).bytes.slice();
  new DataView(bytes.buffer).setUint16(2 * index, pattern, true);
  return withTensor(parts, name, { bytes });
}

test("sound files have nothing wrong with them", () => {
  for (const parts of [qkvParts(), scoresParts(), scoresParts("log2-u8")])
    expect(complaint(safetensors(parts))).toBe("");
  expect(complaint(withoutTensor(scoresParts(), "layers.1.page_bounds"))).toBe(""); // optional
  expect(complaint(withMetadata(qkvParts(), { logitSoftcap: "30", slidingWindow: "4", synthetic: "true" }))).toBe("");
});

describe("the container", () => {
  const sound = safetensors(qkvParts());
  test.each<[string, Uint8Array, RegExp]>([
    ["empty", new Uint8Array(0), /^f: has 0 bytes; a safetensors file has at least 8$/],
    ["no length", new Uint8Array(7), /^f: has 7 bytes/],
    ["header length 0", new Uint8Array(8), /header would have 0 bytes/],
    ["header longer than the file", sound.slice(0, 200), /says its header has \d+ bytes, but the file ends after 200/],
    ["an absurd header length", new Uint8Array(64).fill(255), /header would have 18446744073709552000 bytes/],
    ["no JSON", withHeader("{{}"), /header that is not JSON/],
    ["not an object", withHeader("[1]"), /header that is not a JSON object/],
    [
      "metadata that is no text",
      withMetadata(qkvParts(), { headDim: 4 }),
      /__metadata__ that is not an object of strings/,
    ],
    ["data cut off", sound.slice(0, -1), /tensor layers\.3\.v ends at byte \d+; the file has \d+/],
    [
      "an unknown dtype",
      withTensor(qkvParts(), "token_ids", { dtype: "I64" }),
      /tensor token_ids has dtype I64; known are F16/,
    ],
    [
      "a size that is not the shape's",
      withTensor(qkvParts(), "layers.1.k", { shape: [5, 2, 5] }),
      /tensor layers\.1\.k of F16 \[5, 2, 5\] takes 100 bytes; its offsets span 80/,
    ],
    [
      "an overlap",
      withTensor(qkvParts(), "layers.1.v", { offsets: [0, 80] }),
      /tensor (token_ids|layers\.\d\.[qkv]) overlaps tensor/,
    ],
    [
      "offsets backwards",
      withTensor(qkvParts(), "layers.1.v", { offsets: [80, 0] }),
      /takes 80 bytes; its offsets span -80/,
    ],
    [
      "offsets of half a byte",
      withTensor(qkvParts(), "layers.1.v", { offsets: [0.5, 80.5] }),
      /layers\.1\.v needs dtype, shape and/,
    ],
    [
      "a side below 0",
      withTensor(qkvParts(), "layers.1.v", { shape: [-5, 2, 4] }),
      /layers\.1\.v needs dtype, shape and/,
    ],
  ])("%s", (_, bytes, message) => {
    expect(complaint(bytes)).toMatch(message);
  });
});

describe("the metadata", () => {
  test.each<[Readonly<Record<string, string | undefined>>, RegExp]>([
    [{ format: "attention" }, /metadata format "attention" is not attention-trace/],
    [{ format: undefined }, /has no format in its metadata/],
    [{ version: "2" }, /metadata version "2" is not 1/],
    [{ kind: "rows" }, /metadata kind "rows" is not one of qkv, scores/],
    [{ promptTokens: "0" }, /metadata promptTokens "0" is not a whole number from 1 to 5/],
    [{ promptTokens: "6" }, /metadata promptTokens "6" is not a whole number from 1 to 5/],
    [{ promptTokens: "2.5" }, /promptTokens "2.5" is not a whole number/],
    [{ totalTokens: "1e3" }, /totalTokens "1e3" is not a whole number from 1/],
    [{ kvHeads: "3" }, /queryHeads "4" is not a multiple of kvHeads 3/],
    [{ headDim: "-4" }, /headDim "-4" is not a whole number/],
    [{ softmaxScale: "0" }, /softmaxScale "0" is not a number above 0/],
    [{ softmaxScale: "NaN" }, /softmaxScale "NaN" is not a number above 0/],
    [{ softmaxScale: undefined }, /has no softmaxScale/],
    [{ queryStart: "4" }, /queryStart "4" is not a whole number from 0 to 3/],
    [{ layers: "[3,1]" }, /layers "\[3,1\]" is not a JSON list of ascending layer indices below 4/],
    [{ layers: "[1,1,3]" }, /is not a JSON list of ascending/],
    [{ layers: "[1,4]" }, /is not a JSON list of ascending layer indices below 4/],
    [{ layers: "[]" }, /is not a JSON list/],
    [{ layers: "1,3" }, /is not a JSON list/],
    [{ layers: "[0,1,3]" }, /lacks tensor layers\.0\.q/],
    [{ layers: "[1]" }, /has tensor layers\.3\.q, which its metadata does not announce/],
    [{ totalTokens: "6" }, /tensor token_ids has shape \[5\], not \[6\] as its metadata says/],
    [{ queryStart: "1" }, /tensor layers\.1\.q has shape \[5, 4, 4\], not \[4, 4, 4\]/],
    [{ generation: "beam" }, /generation "beam" is not one of greedy, sampled, teacher-forced/],
    [{ sourceLicense: undefined }, /has no sourceLicense/],
    [{ slidingWindow: "0" }, /slidingWindow "0" is not a whole number/],
    [{ logitSoftcap: "inf" }, /logitSoftcap "inf" is not a number/],
    [{ synthetic: "yes" }, /synthetic "yes" is not one of true, false/],
    [{ kind: "scores" }, /has no groupReduction/],
  ])("%o", (changes, message) => {
    expect(complaint(withMetadata(qkvParts(), changes))).toMatch(message);
  });

  test("of scores", () => {
    expect(complaint(withMetadata(scoresParts(), { groupReduction: "sum" }))).toMatch(/"sum" is not one of mean, max/);
    expect(complaint(withMetadata(scoresParts(), { scoreCoding: "log2-u8" }))).toMatch(
      /layers\.1\.scores is F32; allowed: U8/,
    );
  });
});

describe("the tensors", () => {
  test.each<[string, Uint8Array, RegExp]>([
    ["one that is missing", withoutTensor(qkvParts(), "layers.3.v"), /lacks tensor layers\.3\.v/],
    [
      "another dtype",
      withTensor(qkvParts(), "layers.1.q", { dtype: "F32", bytes: new Uint8Array(320) }),
      /tensor layers\.1\.q is F32; allowed: F16, BF16/,
    ],
    [
      "infinity in a query",
      withHalf(qkvParts(), "layers.1.q", 17, 0x7c00),
      /layers\.1\.q has Infinity in row 1, element 1/,
    ],
    ["NaN in a value", withHalf(qkvParts(), "layers.3.v", 8, 0x7e00), /layers\.3\.v has NaN in row 1, element 0/],
    [
      "NaN in a score",
      withValue(scoresParts(), "layers.1.scores", 0, NaN),
      /layers\.1\.scores has NaN in row 0, element 0/,
    ],
    [
      "a row that does not sum to 1",
      withValue(scoresParts(), "layers.1.scores", 15, 0.98),
      /scores at step 1, KV head 1 sums to 0\.980000; allowed is 1 within 0\.01/,
    ],
    [
      "a score below 0",
      withValue(scoresParts(), "layers.1.scores", 1, -0.5),
      /step 0, KV head 0 has a score of -0\.5 at position 1/,
    ],
    [
      "a score of a later position",
      withValue(scoresParts(), "layers.1.scores", 4, 1e-9),
      /step 0, KV head 0 has a score at position 4, which comes later/,
    ],
    [
      "NaN in the prompt's sums",
      withValue(scoresParts(), "layers.1.prompt_mass", 4, NaN),
      /prompt_mass has NaN in row 1, element 1/,
    ],
    [
      "infinity in a bound",
      withHalf(scoresParts(), "layers.1.page_bounds", 3, 0xfc00),
      /page_bounds has -Infinity in row 1, element 1/,
    ],
  ])("%s", (_, bytes, message) => {
    expect(complaint(bytes)).toMatch(message);
  });

  test("sums may be off by what their coding costs, and no more", () => {
    const linear = (score: number): string => complaint(withValue(scoresParts(), "layers.1.scores", 0, score));
    expect(linear(1.0099)).toBe("");
    expect(linear(1.0101)).not.toBe("");
    const coded = (code: number): string => {
      const parts = scoresParts("log2-u8");
      const bytes = (parts.tensors["layers.1.scores"] as TensorParts).bytes.slice();
      bytes[0] = code;
      return complaint(withTensor(parts, "layers.1.scores", { bytes }));
    };
    expect(coded(254)).toBe(""); // 0.958
    expect(coded(253)).toMatch(/sums to 0\.917\d+; allowed is 1 within 0\.05/);
  });
});

describe("reads ranges only", () => {
  /** A source that remembers what was read. */
  function watched(source: ByteSource): { source: ByteSource; reads: [number, number][] } {
    const reads: [number, number][] = [];
    const read = (offset: number, length: number): Uint8Array => {
      reads.push([offset, offset + length]);
      return source.read(offset, length);
    };
    return { source: { ...source, read }, reads };
  }

  test("opening reads the header; rows, their own bytes", () => {
    const bytes = safetensors(qkvParts());
    const { source, reads } = watched(memorySource(bytes));
    const header = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const trace = openTrace(source);
    expect(reads.every(([, to]) => to <= header)).toBe(true);
    reads.length = 0;
    trace.keys(1, 2, 4);
    const keys = header + 20 + 160; // after token_ids and layers.1.q
    expect(reads).toEqual([[keys + 32, keys + 64]]);
    expect(() => trace.keys(1, 2, 6)).toThrow(RangeError); // the next tensor is not read instead
    expect(() => trace.keys(0, 0, 1)).toThrow(RangeError);
  });

  test("a check reads every byte of the tensors once and nothing after them", () => {
    const bytes = safetensors(scoresParts());
    const longer = new Uint8Array(Buffer.concat([bytes, new Uint8Array(50).fill(255)]));
    const { source, reads } = watched(memorySource(longer));
    const trace = openTrace(source);
    reads.length = 0;
    expect([...checkTrace(trace)].filter(({ fault }) => fault !== undefined)).toEqual([]);
    expect(reads.reduce((sum, [from, to]) => sum + to - from, 0)).toBe(20 + 80 + 24 + 8);
    expect(Math.max(...reads.map(([, to]) => to))).toBe(bytes.length);
  });

  test("50 GB take no more memory than their header and a row", () => {
    const tokens = 2 ** 20;
    const parts = qkvParts();
    const sizes: Record<string, number[]> = { q: [tokens, 4, 4096], k: [tokens, 1, 4096], v: [tokens, 1, 4096] };
    let at = 4 * tokens;
    const header: Record<string, unknown> = {
      __metadata__: {
        ...parts.metadata,
        kvHeads: "1",
        headDim: "4096",
        layers: "[1]",
        totalTokens: String(tokens),
        promptTokens: "9",
      },
      token_ids: { dtype: "I32", shape: [tokens], data_offsets: [0, at] },
    };
    for (const [part, shape] of Object.entries(sizes)) {
      const bytes = 2 * shape.reduce((product, side) => product * side, 1);
      header[`layers.1.${part}`] = { dtype: "F16", shape, data_offsets: [at, at + bytes] };
      at += bytes;
    }
    const start = withHeader(JSON.stringify(header));
    let most = 0;
    const trace = openTrace({
      name: "large",
      size: start.length + at,
      read(offset, length) {
        most = Math.max(most, length);
        return offset < start.length ? start.slice(offset, offset + length) : new Uint8Array(length);
      },
      close: () => undefined,
    });
    expect(at).toBeGreaterThan(50e9);
    expect(trace.queries(1, tokens - 1, tokens)).toHaveLength(4 * 4096);
    expect(most).toBe(4 * 4096 * 2);
    const blocks = checkTrace(trace);
    expect(blocks.next().value).toEqual({ tensor: "token_ids", values: tokens });
    most = 0;
    for (let block = 0; block < 5; block++) expect(blocks.next().value).toMatchObject({ tensor: "layers.1.q" });
    expect(most).toBeLessThanOrEqual(2 ** 20);
  });
});
