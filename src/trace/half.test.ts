import { expect, test } from "vitest";
import { decodeBf16, decodeF16, encodeBf16, encodeF16 } from "./half.js";

const PATTERNS = Uint16Array.from({ length: 65_536 }, (_, pattern) => pattern);

test.each([
  ["binary16", decodeF16, encodeF16],
  ["bfloat16", decodeBf16, encodeBf16],
] as const)(
  "every %s keeps its pattern, and a number between two goes to the nearer, ties to even",
  (_, decode, encode) => {
    const values = new Float32Array(65_536);
    decode(PATTERNS, values);
    const wrong = PATTERNS.findIndex((pattern, i) => !Number.isNaN(values[i]) && encode(values[i]!) !== pattern);
    expect(wrong).toBe(-1);
    for (const pattern of [0x0001, 0x0010, 0x3c00, 0x3c01, 0x4248, 0x0400, 0x03ff, 0xbc01]) {
      const [low, high] = [values[pattern]!, values[pattern + 1]!];
      expect(encode(low + (high - low) * 0.499)).toBe(pattern);
      expect(encode(low + (high - low) * 0.501)).toBe(pattern + 1);
      expect(encode(low + (high - low) * 0.5)).toBe(pattern + (pattern % 2)); // the even one
    }
  },
);

test("known numbers", () => {
  expect([1, -2, 65_504, 65_520, 2 ** -24, Infinity].map(encodeF16)).toEqual([
    0x3c00, 0xc000, 0x7bff, 0x7c00, 1, 0x7c00,
  ]);
  expect([1, -2, Math.PI, Infinity].map(encodeBf16)).toEqual([0x3f80, 0xc000, 0x4049, 0x7f80]);
});
