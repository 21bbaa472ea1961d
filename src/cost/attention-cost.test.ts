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

test("n GPUs read their cache at most n times as fast as one, whose last wave may be nearly empty", () => {
  const nearly = { waves: 0, even: 0 };
  fc.assert(
    fc.property(
      fc.record({
        model: fc.constantFrom(...Object.values(MODELS)),
        profile: fc.constantFrom(
          ...profiles.filter(({ decodeAttention }) =>
            decodeAttention.some(({ kernel }) => kernel === "flash-attention-2"),
          ),
        ),
        tp: fc.constantFrom(2, 4, 8),
      }),
      fc.integer({ min: 1, max: 300 }),
      fc.double({ min: 0, max: 17, noNaN: true }),
      ({ model, profile, tp }, sequences, power) => {
        fc.pre(model.queryHeads % tp === 0);
        const tokens = Math.round(sequences * 2 ** power);
        const one = lookUp(new AttentionCost(model, profile, "bf16", 1).decodeTable(1, sequences, Infinity), tokens);
        const each = lookUp(new AttentionCost(model, profile, "bf16", tp).decodeTable(1, sequences, Infinity), tokens);
        expect(tp * each).toBeGreaterThanOrEqual(one);
        nearly[tp * each < 1.03 * one ? "waves" : "even"]++;
      },
    ),
    { numRuns: 1000, seed: 51 },
  );
  expect(nearly.waves).toBeGreaterThan(50);
  expect(nearly.even).toBeGreaterThan(50);
});

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
