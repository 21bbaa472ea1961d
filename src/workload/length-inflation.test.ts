import fc from "fast-check";
import { expect, test } from "vitest";
import { fitLengths, type LengthFit } from "./length-fit.js";
import { inflateLengths } from "./length-inflation.js";
import { parseLengthTable, type LengthTable } from "./length-table.js";
import { PUBLISHED_LENGTHS } from "./published-lengths.js";
import type { RequestSpec, Workload } from "./workload.js";

const SEED = 20260722;
const fit = fitLengths(PUBLISHED_LENGTHS, "published");

/** Sum of squares by the definition in the comment of LengthFit. */
function squares({ points }: LengthTable, decay: number, amplitudes: Readonly<Record<string, number>>): number {
  return points.reduce((sum, { policy, budgets, denseMeanTokens, meanTokens }) => {
    const each = budgets.map((budget) => 1 + amplitudes[policy]! * Math.exp((-decay * budget) / denseMeanTokens));
    const mean = each.reduce((a, b) => a + b, 0) / each.length;
    return sum + (mean - meanTokens / denseMeanTokens) ** 2;
  }, 0);
}

test("the fit finds the parameters of lengths that follow the form", () => {
  const budgets = [256, 1024, 4096];
  const amplitudes = { a: 2, b: 0.25, c: 0 };
  const points = Object.entries(amplitudes).flatMap(([policy, amplitude]) =>
    budgets.map((budget) => ({
      policy,
      budgets: [budget],
      denseMeanTokens: 5000,
      meanTokens: 5000 * (1 + amplitude * Math.exp((-3 * budget) / 5000)),
      source: "made up",
    })),
  );
  const found = fitLengths({ title: "made up", points }, "");
  expect(found.decay).toBeCloseTo(3, 3);
  for (const [policy, amplitude] of Object.entries(amplitudes)) {
    expect(found.amplitudes[policy]).toBeCloseTo(amplitude, 3);
  }
  expect(found.largestError).toBeLessThan(1e-3);
});

test("no parameters nearby describe the published lengths better, and the error shown is theirs", () => {
  const best = squares(PUBLISHED_LENGTHS, fit.decay, fit.amplitudes);
  for (const step of [-0.05, 0.05]) {
    expect(squares(PUBLISHED_LENGTHS, fit.decay + step, fit.amplitudes)).toBeGreaterThan(best);
    for (const [policy, amplitude] of Object.entries(fit.amplitudes)) {
      if (amplitude + step < 0) continue; // amplitudes are not negative
      const others = { ...fit.amplitudes, [policy]: amplitude + step };
      expect(squares(PUBLISHED_LENGTHS, fit.decay, others)).toBeGreaterThan(best);
    }
  }
  expect(fit.rmsError).toBeCloseTo(Math.sqrt(best / PUBLISHED_LENGTHS.points.length), 9);
  expect(fit.rmsError).toBeLessThan(0.05);
  expect(fit.largestError).toBeLessThan(0.1);
  expect(fit.points.map(({ fitted, published }) => Math.abs(fitted - published))).toContain(fit.largestError);
});

function workload(requests: readonly RequestSpec[]): Workload {
  return { name: "toy", source: "by hand", notes: ["first"], requests: () => requests };
}

function lengthened(spec: RequestSpec, budget: number, policy = "quest", by: LengthFit = fit): RequestSpec {
  const [only] = [...inflateLengths(workload([spec]), { fit: by, policy, budget }).requests(0)];
  return only as RequestSpec;
}

const REQUEST: RequestSpec = {
  id: 3,
  arrival: 1.5,
  promptTokens: 100,
  outputTokens: 15_100,
  reasoningTokens: 15_000,
  priority: 2,
  session: "s",
};

test("the published case comes back: Quest at 2,048 of 15,100 tokens doubles the output", () => {
  expect(lengthened(REQUEST, 2048).outputTokens / 15_100).toBeCloseTo(30_000 / 15_100, 1);
});

test("never shorter, never longer with more budget, as it was when all fits; what is added is reasoning", () => {
  const policies = fc.constantFrom(...Object.keys(fit.amplitudes));
  fc.assert(
    fc.property(
      policies,
      fc.integer({ min: 1, max: 40_000 }),
      fc.integer({ min: 1, max: 20_000 }),
      fc.integer({ min: 16, max: 60_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (policy, outputTokens, promptTokens, budget, share) => {
        const spec = { ...REQUEST, promptTokens, outputTokens, reasoningTokens: Math.floor(share * outputTokens) };
        const longer = lengthened(spec, budget, policy);
        expect(longer.outputTokens).toBeGreaterThanOrEqual(outputTokens);
        expect(lengthened(spec, budget + 500, policy).outputTokens).toBeLessThanOrEqual(longer.outputTokens);
        if (promptTokens + outputTokens <= budget) expect(longer).toEqual(spec);
        const added = longer.outputTokens - outputTokens;
        const reasoningTokens = spec.reasoningTokens === 0 ? 0 : spec.reasoningTokens + added;
        expect(longer).toEqual({ ...spec, outputTokens: outputTokens + added, reasoningTokens });
        expect(lengthened(spec, 1e7, policy)).toEqual(spec);
      },
    ),
    { numRuns: 300, seed: SEED },
  );
});

test("an unlengthened policy has the lengths it had, and the notes say what was done", () => {
  const flat = { ...fit, amplitudes: { ...fit.amplitudes, quest: 0 } };
  expect(lengthened(REQUEST, 64, "quest", flat)).toBe(REQUEST);
  const changed = inflateLengths(workload([REQUEST]), { fit, policy: "h2o", budget: 512 });
  expect(changed.notes[0]).toBe("first");
  expect(changed.notes[1]).toMatch(/model's.*published tables \(error \d.*open loop/);
  expect(changed.lengthChange).toMatchObject({ policy: "h2o", budget: 512 });
});

test("a table that cannot be fitted, or is no table, is refused with what is wrong", () => {
  const point = { policy: "raas", budgets: [512], denseMeanTokens: 1000, meanTokens: 1500, source: "own runs" };
  const again = { ...point, budgets: [1024], denseMeanTokens: 2000 };
  expect(() => fitLengths({ title: "t", points: [point, again] }, "my.json")).toThrow(
    /my.json: no policy has points at two/,
  );
  expect(
    fitLengths({ title: "t", points: [point, { ...point, budgets: [900], meanTokens: 1100 }] }, "").decay,
  ).toBeGreaterThan(1);
  const refused = (change: object): (() => void) => {
    return () => parseLengthTable({ title: "t", points: [{ ...point, ...change }] }, "my.json");
  };
  expect(refused({ meanTokens: 0 })).toThrow(/my.json points.0.meanTokens: 0 is not allowed/);
  expect(refused({ budgets: [] })).toThrow(/my.json points.0.budgets: \[\] is not allowed/);
  expect(refused({ source: undefined })).toThrow(/my.json points.0.source: is missing/);
  expect(refused({ model: "x" })).toThrow(/my.json points.0: unknown key "model"/);
  expect(() => parseLengthTable([], "my.json")).toThrow(/my.json: \[\] is not allowed/);
});
