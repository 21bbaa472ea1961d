import fc from "fast-check";
import { expect, test } from "vitest";
import { profileNames, resolveProfile } from "../cli/resolve.js";
import { MODELS } from "../model/shapes.js";
import { AttentionCost } from "./attention-cost.js";
import { pieceAt, type Piece } from "./attention-curve.js";
import { queryKeyPairs } from "./prefill-attention-time.js";

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
  const far = { few: 0, many: 0 };
  fc.assert(
    fc.property(
      arbitrary,
      fc.double({ min: 0, max: 30, noNaN: true }),
      fc.constantFrom(1, 2, 7, 64, 256, 1000),
      fc.constantFrom(Infinity, 4096),
      ({ model, profile, format, tp }, power, sequences, window) => {
        const tokens = Math.round(2 ** power);
        const cost = new AttentionCost(model, profile, format, tp);
        const exact = model.layers * cost.decodeSeconds(sequences, tokens, window);
        const table = lookUp(cost.decodeTable(model.layers, sequences, window), tokens);
        expect(Math.abs(table / exact - 1)).toBeLessThan(0.005);
        far[exact < 2 * model.layers * cost.decodeSeconds(sequences, 0, window) ? "few" : "many"]++;
      },
    ),
    { numRuns: 1000, seed: 50 },
  );
  expect(Math.min(far.few, far.many)).toBeGreaterThan(50); // launches and reads were met
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
