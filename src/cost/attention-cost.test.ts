import fc from "fast-check";
import { expect, test } from "vitest";
import { profileNames, resolveProfile } from "../cli/resolve.js";
import { kvBytesPerTokenLayer } from "../model/size.js";
import { MODELS } from "../model/shapes.js";
import { AttentionCost, DECODE_COMPUTE_EFFICIENCY, queryKeyPairs } from "./attention-cost.js";
import { pieceAt, type Piece } from "./attention-curve.js";

const profiles = profileNames().map(resolveProfile);
const arbitrary = fc.record({
  model: fc.constantFrom(...Object.values(MODELS)),
  profile: fc.constantFrom(...profiles),
  format: fc.constantFrom("bf16", "fp8"),
  tp: fc.constantFrom(1, 2, 4, 8),
});

function lookUp(pieces: readonly Piece[], tokens: number): number {
  const piece = pieces[pieceAt(pieces, tokens)] as Piece;
  return piece.intercept + piece.slope * tokens;
}

test("the table of decode attention is within 0.5 % of the form it stands for", () => {
  const far = { bent: 0, straight: 0 };
  fc.assert(
    fc.property(arbitrary, fc.double({ min: 0, max: 30, noNaN: true }), ({ model, profile, format, tp }, power) => {
      const tokens = Math.round(2 ** power);
      const cost = new AttentionCost(model, profile, format, tp);
      const { fixedSeconds, coefficient, exponent, maxBandwidthEfficiency } = profile.decodeAttention;
      const megabytes = (tokens * kvBytesPerTokenLayer(model, format, tp)) / 1e6;
      const fitted = coefficient * megabytes ** exponent;
      const streaming = (megabytes * 1e6) / (maxBandwidthEfficiency * profile.bandwidthBytesPerSecond);
      const computing = (tokens * cost.decodeFlops) / (DECODE_COMPUTE_EFFICIENCY * profile.peakFlops.bf16);
      const exact = model.layers * (fixedSeconds + Math.max(fitted, streaming, computing));
      const table = model.layers * fixedSeconds + lookUp(cost.decodeTable(model.layers), tokens);
      expect(Math.abs(table / exact - 1)).toBeLessThan(0.005);
      far[fitted > Math.max(streaming, computing) ? "bent" : "straight"]++;
    }),
    { numRuns: 5000, seed: 50 },
  );
  expect(Math.min(far.bent, far.straight)).toBeGreaterThan(200); // both forms were met
});

test("pairs of queries and keys are counted one by one", () => {
  const count = fc.integer({ min: 0, max: 300 });
  fc.assert(
    fc.property(count, count, fc.constantFrom(1, 7, 128, Infinity), (tokens, context, window) => {
      let pairs = 0;
      for (let query = 1; query <= tokens; query++) pairs += Math.min(context + query, window);
      expect(queryKeyPairs(tokens, context, window)).toBe(pairs);
    }),
    { numRuns: 500, seed: 51 },
  );
});
